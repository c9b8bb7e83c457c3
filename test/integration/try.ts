import { bundleChosenTests } from '../parity/places/deployed/bundle.ts';
const f = await bundleChosenTests('/tmp/lead/wt-H/.cache/parity/workflows.mjs');
const { workflows } = await import(f);
console.log(workflows.length, workflows.slice(0,5).map((w: any) => w.id));
