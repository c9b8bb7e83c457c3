import { once } from 'node:events';
import type { Ledger } from './ledger.ts';

/** What the command lets happen to a run, at points that are the same each time. */

/** Writes a line for whoever looks on. */
export type Say = (text: string) => void;

/** Holds a run in the middle of its checks. */
export interface Hold {
  readonly onCheck: (line: number, signal: AbortSignal) => Promise<void>;
  /** Lets all that follow pass. */
  release(): void;
}

/** When `rows` rows are checked, calls `cancel` and holds those after them until their run is canceled. 0: never. */
export function holdAfter(rows: number, cancel: () => Promise<void>): Hold {
  let begun = 0;
  let canceling: Promise<void> | undefined;
  let isOpen = rows === 0;
  return {
    async onCheck(_line, signal) {
      if (isOpen) return;
      begun += 1;
      if (begun <= rows) return;
      canceling ??= cancel();
      // A cancellation that fails must not leave anyone waiting.
      await Promise.all([canceling, signal.aborted || once(signal, 'abort')]);
      signal.throwIfAborted();
    },
    release() {
      isOpen = true;
    },
  };
}

/** The connection broke off: nobody knows whether the write was made. */
class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** The same ledger, but the answer to the second write is lost after it was made. */
export function losingOneAnswer(ledger: Ledger, say: Say): Ledger {
  let writes = 0;
  let lostKey: string | undefined;
  return {
    async write(key, batch) {
      writes += 1;
      const written = await ledger.write(key, batch);
      if (writes === 2) {
        lostKey = key;
        say(
          `Write 2: ${written.entered} deliveries are entered, but the connection is lost before the answer.`,
        );
        throw new ConnectionLost('The connection to the ledger was lost.');
      }
      if (key === lostKey) {
        say(`Write 2 again, with the same key: the ledger answers as before, and enters nothing.`);
      }
      return written;
    },
  };
}
