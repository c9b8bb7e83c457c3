import { readFileSync } from 'node:fs';

/** Version of the package, which is above the sources, or above the compiler's output. */
export function packageVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string })
        .version;
    } catch {
      // The next one.
    }
  }
  return 'unknown';
}
