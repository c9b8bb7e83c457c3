/** Bytes of `text` in UTF-8, without making them. A lone surrogate counts 3, as an encoder replaces it by U+FFFD. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      bytes += 1;
      continue;
    }
    const next = unit >= 0xd800 && unit < 0xdc00 ? text.charCodeAt(i + 1) : 0;
    bytes += 2;
    if (next >= 0xdc00 && next < 0xe000) i += 1;
  }
  return bytes;
}
