import { logger } from './observability.ts';

/**
 * Logs an answer that refuses: its status, and the code of its problem document. What the document says to the caller may
 * quote what the caller sent.
 */
export function logRefused({
  statusCode,
  body,
}: {
  readonly statusCode: number;
  readonly body?: string;
}): void {
  if (statusCode < 400) return;
  const attributes = { status: statusCode, code: codeOf(body) };
  if (statusCode >= 500) logger.error('A request failed.', attributes);
  else logger.info('A request was refused.', attributes);
}

function codeOf(body = ''): string | undefined {
  try {
    const document: unknown = JSON.parse(body);
    const isProblem = typeof document === 'object' && document !== null && 'code' in document;
    return isProblem && typeof document.code === 'string' ? document.code : undefined;
  } catch {
    return undefined;
  }
}
