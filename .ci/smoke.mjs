// Imports the installed package as a user of it would, by plain JavaScript on the Node that runs this.
// usage: node smoke.mjs [--without-peers]
import { readFile } from 'node:fs/promises';

// What lies behind these doors needs an optional peer dependency.
const NEED_PEERS = ['./aws', './cdk', './client/sigv4'];

const withoutPeers = process.argv.includes('--without-peers');
const manifest = JSON.parse(await readFile('node_modules/evented-workflows/package.json', 'utf8'));
const doors = Object.keys(manifest.exports)
  .filter((door) => door !== './package.json')
  .filter((door) => !withoutPeers || !NEED_PEERS.includes(door));

for (const door of doors) {
  const name = `${manifest.name}${door.slice(1)}`;
  const exported = Object.keys(await import(name));
  if (exported.length === 0) throw new Error(`${name} exports nothing`);
  console.log(`${name}: ${exported.length} exports`);
}
console.log(`${doors.length} doors open on Node ${process.versions.node}`);
