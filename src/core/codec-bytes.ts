/** Bytes over any buffer. */
export type Bytes = Uint8Array;

/** The views that the codec keeps apart. */
export const viewKinds = [
  'Uint8Array',
  'Uint8ClampedArray',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
] as const;

const known: ReadonlySet<string> = new Set(viewKinds);

/** Looked up by name, because Node 22 has no Float16Array. */
const constructors = globalThis as unknown as Readonly<
  Record<string, (new (buffer: ArrayBuffer) => ArrayBufferView) | undefined>
>;

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
) as { get: (this: ArrayBufferView) => string | undefined };

/** Which of {@link viewKinds} a view is, also when it is of a subclass or of another realm. */
export function viewKind(view: ArrayBufferView): string {
  return typedArrayName.get.call(view) ?? 'DataView';
}

/** The view of `kind` over `buffer`, or the buffer itself; undefined for a kind that is unknown here. */
export function viewOf(kind: string, buffer: ArrayBuffer): ArrayBuffer | ArrayBufferView | undefined {
  if (kind === 'ArrayBuffer') return buffer;
  const View = known.has(kind) ? constructors[kind] : undefined;
  return View === undefined ? undefined : new View(buffer);
}

/** Base64 of `bytes`. In chunks, because an argument list has a limit. */
export function bytesToBase64(bytes: Bytes): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** The inverse of {@link bytesToBase64}. Throws for a text that is no base64. */
export function bytesFromBase64(text: string): ArrayBuffer {
  const raw = atob(text);
  const buffer = new ArrayBuffer(raw.length);
  const bytes = new Uint8Array(buffer);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return buffer;
}
