/** SHA-256 of bytes, or of a text in UTF-8, in hex. */
export async function sha256(data: string | Uint8Array): Promise<string> {
  // A copy, because the type of a view does not say that its memory is not shared.
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : Uint8Array.from(data);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
