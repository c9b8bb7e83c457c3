import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

/**
 * Runs programs one after the other in this process, each in its own folder, and prints a JSON array of what they printed.
 * One process for many, because loading the package and a schema library takes longer than most of them.
 */
const LIMIT_MS = 60_000;

const write = process.stdout.write.bind(process.stdout);
let printed = '';
process.stdout.write = (chunk: string | Uint8Array): boolean => {
  printed += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
  return true;
};

async function run(file: string): Promise<string> {
  printed = '';
  const before = process.cwd();
  process.chdir(dirname(file));
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it was not done after ${LIMIT_MS} ms`)), LIMIT_MS);
  try {
    await Promise.race([import(pathToFileURL(file).href), late]);
    return printed;
  } catch (error) {
    return `${printed}${inspect(error)}\n`;
  } finally {
    clearTimeout(timer);
    process.chdir(before);
  }
}

const outputs: string[] = [];
for (const file of process.argv.slice(2)) outputs.push(await run(file));
write(JSON.stringify(outputs), () => process.exit());
