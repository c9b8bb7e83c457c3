/**
 * Makes JSON of what a caller sends, by the table of `Wire`: values arrive there as they would be shown on the way back. Throws
 * what `JSON.stringify` throws for a cycle.
 */
export function sentText(value: unknown): string | undefined {
  return JSON.stringify(value, (_, item: unknown) => sent(item));
}

/** What stands for a value that JSON has no form for. Dates, URLs and whatever else has a `toJSON` are texts already. */
function sent(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map || value instanceof Set) return [...value];
  if (value instanceof Error) return errorFields(value);
  if (value instanceof RegExp) return String(value);
  if (value instanceof ArrayBuffer) return base64(new Uint8Array(value));
  if (!ArrayBuffer.isView(value)) return value;
  return base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
}

function errorFields(error: Error): object {
  const { name, message } = error;
  const hidden = ['cause', 'errors', 'code'].filter((key) => key in error);
  const keys = [...hidden, ...Object.keys(error)].filter((key) => key !== 'stack');
  const fields = keys.map((key): [string, unknown] => [key, Reflect.get(error, key)]);
  return { ...Object.fromEntries(fields), name, message };
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
