import { readFile } from 'node:fs/promises';

/** A file larger than this is no document that somebody wrote. */
const maxBytes = 4_194_304;

/** A file that cannot be analysed. Its message says which one, and why. */
export class FileError extends Error {}

/** The text of a file, under the name that it was asked for by. Rejects with {@link FileError}. */
export async function readDocument(path: string): Promise<{ name: string; text: string }> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new FileError(`Cannot read ${path}: ${reasonOf(cause)}.`, { cause });
  });
  if (bytes.length > maxBytes) {
    throw new FileError(`Cannot analyse ${path}: it has ${bytes.length} bytes, and ${maxBytes} is the most.`);
  }
  // Valid UTF-8 may still be no text: a NUL stands in many binary files, and in no document.
  if (bytes.includes(0)) throw new FileError(`Cannot analyse ${path}: it is a binary file.`);
  try {
    return { name: path, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (cause) {
    throw new FileError(`Cannot analyse ${path}: it is not text in UTF-8.`, { cause });
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a directory';
  return `reading it failed (${String(code)})`;
}
