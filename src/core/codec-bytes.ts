/** Bytes over a plain buffer, as every decoder here makes them. */
export type Bytes = Uint8Array<ArrayBufferLike>;

/** The views that the codec keeps apart. */
export const typedArrayKinds = [
  'Uint8Array',
  'Uint8ClampedArray',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
] as const;

const constructors: Record<string, (buffer: ArrayBuffer) => unknown> = {
  ArrayBuffer: (buffer) => buffer,
  Uint8Array: (buffer) => new Uint8Array(buffer),
  Uint8ClampedArray: (buffer) => new Uint8ClampedArray(buffer),
  Int8Array: (buffer) => new Int8Array(buffer),
  Uint16Array: (buffer) => new Uint16Array(buffer),
  Int16Array: (buffer) => new Int16Array(buffer),
  Uint32Array: (buffer) => new Uint32Array(buffer),
  Int32Array: (buffer) => new Int32Array(buffer),
  Float32Array: (buffer) => new Float32Array(buffer),
  Float64Array: (buffer) => new Float64Array(buffer),
  BigInt64Array: (buffer) => new BigInt64Array(buffer),
  BigUint64Array: (buffer) => new BigUint64Array(buffer),
  DataView: (buffer) => new DataView(buffer),
};

/** The view of `kind` over `buffer`; undefined for an unknown kind. */
export function viewOf(kind: string, buffer: ArrayBuffer): unknown {
  return Object.hasOwn(constructors, kind) ? constructors[kind]?.(buffer) : undefined;
}

/** Base64 of `bytes`. In chunks, because an argument list has a limit. */
export function bytesToBase64(bytes: Bytes): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** The inverse of {@link bytesToBase64}. */
export function bytesFromBase64(text: string): ArrayBuffer {
  const raw = atob(text);
  const buffer = new ArrayBuffer(raw.length);
  const bytes = new Uint8Array(buffer);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return buffer;
}
