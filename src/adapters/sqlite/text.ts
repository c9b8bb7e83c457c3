/** First character of a text that is stored in another form, because SQLite would not give it back as it was. */
const escape = '\u0001';

/**
 * Text as SQLite keeps it. A lone surrogate has no UTF-8, and a NUL ends a string for some of SQLite's readers: texts
 * with either are stored as the hex of their UTF-16 units behind a mark, and so are texts that begin with that mark.
 */
export function toText(text: string): string {
  if (!text.includes('\0') && !text.startsWith(escape) && text.isWellFormed()) return text;
  let hex = escape;
  for (let i = 0; i < text.length; i += 1) hex += text.charCodeAt(i).toString(16).padStart(4, '0');
  return hex;
}

/** The inverse of {@link toText}. */
export function fromText(stored: string): string {
  if (!stored.startsWith(escape)) return stored;
  let text = '';
  for (let i = 1; i < stored.length; i += 4)
    text += String.fromCharCode(Number.parseInt(stored.slice(i, i + 4), 16));
  return text;
}
