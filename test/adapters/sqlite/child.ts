import { createInterface } from 'node:readline';
import { sqliteBackend } from '../../../src/adapters/sqlite/index.ts';
import { claimOf, commitOf, eventOf, newRun } from './parts.ts';

/** A process of its own, for tests that kill it. Says what it has done line by line. */
const [role, file = ''] = process.argv.slice(2);
const backend = sqliteBackend({ file });
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const roles: Record<string, () => Promise<void> | void> = {
  /** Starts run after run and says each one's id when it is on the disk. */
  start: async () => {
    for (let number = 0; ; number += 1) {
      await backend.store.startRun(newRun(`run-${number}`));
      await backend.store.durable();
      say(`run-${number}`);
    }
  },

  /** Commits step after step without waiting for the disk, as the engine does, and says so. */
  commit: async () => {
    await backend.store.startRun(newRun('run'));
    for (let entry = 0; ; entry += 1) {
      const owner = `${backend.incarnation}/${entry}`;
      await backend.store.claim(claimOf('run', owner, entry));
      await backend.store.commit(commitOf('run', owner, entry));
      await backend.bus.publish([eventOf('run', entry + 1)]);
      if (entry % 50 === 49) say(String(entry));
    }
  },

  /** Takes one message, claims its step and then never returns. */
  hang: () => {
    backend.source.start(
      async (event) => {
        await backend.store.claim(claimOf(event.runId, `${backend.incarnation}/1`));
        say(backend.incarnation);
        await new Promise(() => {
          setInterval(() => {}, 1_000_000);
        });
      },
      { concurrency: 1 },
    );
    say('ready');
    process.stdin.resume();
  },

  /** Handles messages, says which, and finishes each when it is told to; ends when its input ends. */
  work: () => {
    const input = createInterface({ input: process.stdin });
    const told: (() => void)[] = [];
    input.on('line', () => told.shift()?.());
    input.on('close', () => void backend.close());
    backend.source.start(
      (event) => {
        say(event.runId);
        return new Promise((resolve) => {
          told.push(resolve);
        });
      },
      { concurrency: 1 },
    );
  },

  /** Opens the file, starts its source and closes it again: must then end by itself. */
  close: async () => {
    backend.source.start(() => Promise.resolve(), { concurrency: 1 });
    await backend.store.startRun(newRun('run'));
    await backend.close();
    say('closed');
  },
};

await roles[role ?? '']?.();
