#!/usr/bin/env node
import { main } from './main.ts';

const interrupt = new AbortController();
let interrupts = 0;
process.on('SIGINT', () => {
  interrupts += 1;
  // Asked twice: whoever asks does not want to wait.
  if (interrupts > 1) process.exit(130);
  interrupt.abort(new DOMException('Ended by Ctrl-C', 'AbortError'));
});
process.on('SIGTERM', () => interrupt.abort(new DOMException('Ended by SIGTERM', 'AbortError')));
// Whoever reads the output may have enough of it: `evented runs | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

process.exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  fetch: (...request) => fetch(...request),
  now: () => Date.now(),
  signal: interrupt.signal,
});
