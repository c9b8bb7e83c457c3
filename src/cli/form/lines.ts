import { createInterface } from 'node:readline';
import type { Console } from '../console.ts';
import { CommandError } from '../exit.ts';

/** Asks a person, one line after the other. */
export interface Lines {
  /** The next line. Throws CLI_INTERRUPTED when there will be none: Ctrl-C, Ctrl-D, or the end of the input. */
  ask(question: string): Promise<string>;
  say(text: string): void;
  close(): void;
}

/** Lines of a terminal. What was typed before it was asked for counts. */
export function openLines({ stdin, stdout, signal }: Console): Lines {
  const reader = createInterface({ input: stdin, terminal: false });
  const typed: string[] = [];
  let waiting: PromiseWithResolvers<string> | undefined;
  let ended = false;
  /** Whoever waits gets one answer: lines that come together are for the questions after it. */
  const settle = (how: (waiter: PromiseWithResolvers<string>) => void): boolean => {
    const waiter = waiting;
    waiting = undefined;
    if (waiter !== undefined) how(waiter);
    return waiter !== undefined;
  };
  const end = (): void => {
    ended = true;
    settle((waiter) => waiter.reject(interrupted()));
  };
  reader.on('line', (line) => {
    if (!settle((waiter) => waiter.resolve(line))) typed.push(line);
  });
  reader.once('close', end);
  signal.addEventListener('abort', end, { once: true });
  return {
    async ask(question) {
      stdout.write(question);
      const next = typed.shift();
      if (next !== undefined) return next;
      if (ended) throw interrupted();
      waiting = Promise.withResolvers<string>();
      try {
        return await waiting.promise;
      } catch (error) {
        // Behind the question, and what the terminal shows of Ctrl-C.
        stdout.write('\n');
        throw error;
      }
    },
    say: (text) => void stdout.write(`${text}\n`),
    close() {
      signal.removeEventListener('abort', end);
      reader.close();
    },
  };
}

function interrupted(): CommandError {
  return new CommandError('CLI_INTERRUPTED', 'Nothing was sent: the answers are not complete');
}
