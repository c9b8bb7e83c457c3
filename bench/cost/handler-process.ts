import { pathToFileURL } from 'node:url';

/**
 * A function as Lambda has it: a process that imports the module it is given and is handed one event after the other. Answers
 * each with the CPU that its handling took, in ms; threads of the collector and of I/O are in it.
 */

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

const { handler } = (await import(pathToFileURL(process.argv[2] ?? '').href)) as { handler: Handler };
const context = { functionName: 'bench', awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 };

process.on('message', (event) => {
  const began = process.cpuUsage();
  void handler(event, context).then((answer) => {
    const { user, system } = process.cpuUsage(began);
    process.send?.({ answer, ms: (user + system) / 1_000 });
  });
});
process.send?.('ready');
