import { WorkflowError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';

/** Caps of a request's body. */
export interface BodyLimits {
  /** Bytes of the body. @default 6,291,456: what a Lambda function takes at most (Lambda quotas, synchronous payload) */
  readonly bytes: number;
  /** Nesting of objects and arrays. @default 501: one more than a stored value may have, for the body itself */
  readonly depth: number;
  /** Properties, objects and arrays, all levels together. @default 200,000 */
  readonly keys: number;
}

/** Defaults of {@link BodyLimits}. */
export const defaultBodyLimits: BodyLimits = {
  bytes: 6 * 1024 * 1024,
  depth: limits.valueDepth + 1,
  keys: 200_000,
};

function tooLarge(what: string, limit: string, allowed: number): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_LIMIT_EXCEEDED',
    `The body has more than ${allowed} ${what}: send less, or pass a reference to what is kept elsewhere`,
    { details: { limit, allowed } },
  );
}

/** Whether the body of a request may be read as JSON, by what the request says about it. */
export function isJson(contentType: string | null): boolean {
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters.map((item) => item.trim()).find((item) => item.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  return isUtf8 && /^application\/(?:[\w.+-]+\+)?json$/.test(type.trim());
}

/** The caller went away in the middle of its body: that is no failure of the server. */
function brokenOff(cause: unknown): never {
  throw new WorkflowError('WORKFLOW_ARGUMENT_INVALID', 'The body broke off: send all of it', { cause });
}

/** All bytes of a body; reading stops at the cap, whatever `Content-Length` says. Rejects with WORKFLOW_LIMIT_EXCEEDED. */
export async function readBytes(request: Request, most: number): Promise<Uint8Array> {
  const refusal = (): WorkflowError => tooLarge('bytes', 'bodyBytes', most);
  if (Number(request.headers.get('content-length') ?? 0) > most) throw refusal();
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = await reader?.read().catch(brokenOff);
    if (chunk === undefined || chunk.done) break;
    size += chunk.value.byteLength;
    if (size > most) {
      await reader?.cancel();
      throw refusal();
    }
    chunks.push(chunk.value);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function notJson(reason: string, cause: unknown): WorkflowError {
  return new WorkflowError('WORKFLOW_ARGUMENT_INVALID', `The body is not JSON (${reason}): send JSON`, {
    cause,
  });
}

/** The text of a body. Throws WORKFLOW_ARGUMENT_INVALID for what is not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw notJson('it is not UTF-8', cause);
  }
}

/**
 * Parses the text of a body; an empty one is `{}`. Its nesting and its keys are counted in the text, before any of it is built.
 * Throws WORKFLOW_ARGUMENT_INVALID for what is no JSON, WORKFLOW_LIMIT_EXCEEDED for what is too deep or has too many keys.
 */
export function parseJson(text: string, caps: BodyLimits): unknown {
  if (text === '') return {};
  checkShape(text, caps);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notJson(cause instanceof SyntaxError ? cause.message : String(cause), cause);
  }
}

const code = {
  quote: 0x22,
  colon: 0x3a,
  backslash: 0x5c,
  openList: 0x5b,
  closeList: 0x5d,
  open: 0x7b,
  close: 0x7d,
};

function checkShape(text: string, caps: BodyLimits): void {
  let depth = 0;
  let keys = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (quoted) {
      if (unit === code.backslash) i += 1;
      else if (unit === code.quote) quoted = false;
    } else if (unit === code.quote) {
      quoted = true;
    } else if (unit === code.open || unit === code.openList) {
      depth += 1;
      keys += 1;
      if (depth > caps.depth) throw tooLarge('levels of objects and arrays', 'bodyDepth', caps.depth);
    } else if (unit === code.close || unit === code.closeList) {
      depth -= 1;
    } else if (unit === code.colon) {
      keys += 1;
    }
    if (keys > caps.keys) throw tooLarge('properties, objects and arrays', 'bodyKeys', caps.keys);
  }
}
