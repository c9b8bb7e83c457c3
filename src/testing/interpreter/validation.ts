import { SemanticError } from './failure.ts';
import type { SchemaLike } from './types.ts';

function textOf(path: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  return path.map((segment) => String(typeof segment === 'object' ? segment.key : segment)).join('.');
}

/** A value as its schema gives it back: defaults filled in, transforms applied. Rejects with a line for each issue. */
export async function validated(
  schema: SchemaLike | undefined,
  value: unknown,
  { code, headline }: { readonly code: string; readonly headline: string },
): Promise<unknown> {
  if (schema === undefined) return value;
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  const lines = result.issues.map(({ path = [], message }) => `- ${textOf(path)}: ${message}`);
  throw new SemanticError(code, `${headline}: \n${lines.join('\n')}`);
}

/** Whether a schema gave nothing back: then its step gets what came. */
export function isEmptyObject(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
  );
}
