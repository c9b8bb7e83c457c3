import { runCampaign } from './campaign.ts';
const began = performance.now();
const report = await runCampaign({ seed: Number(process.argv[2] ?? 1), kills: Number(process.argv[3] ?? 25) });
console.log(JSON.stringify({ ...report, kills: report.kills.map(({ point, death }) => `${point} ${death.place} ${death.isCommitting} ${Object.values(death.inFlight)}`) }, null, 1));
console.log(performance.now() - began);
