import { writeFileSync } from 'node:fs';
import { startEmulator } from './emulator.ts';
import { interruption } from './cdk.ts';
const signal = interruption();
const e = await startEmulator(signal);
writeFileSync('/tmp/lead/H-endpoint', e.endpoint);
console.log(e.endpoint, process.pid);
const t = setInterval(() => {}, 1000);
signal.addEventListener('abort', () => {
  clearInterval(t);
  void e.stop();
});
