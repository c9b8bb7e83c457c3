import { expenses } from './workflow.ts';

/** Runs the workflow once, and answers what it asks: `npm run example:port`. */

const run = await expenses.createRun();
let result = await run.start({
  inputData: {
    employee: 'Ada',
    items: [
      { what: 'Train', amount: 89.5, currency: 'EUR' },
      { what: 'Hotel', amount: 480, currency: 'GBP' },
      { what: 'Taxi', amount: 31, currency: 'USD' },
      { what: 'Taxi', amount: 31, currency: 'USD' },
      { what: 'Voucher', amount: 0, currency: 'EUR' },
    ],
  },
  initialState: {},
});
console.log(result.status);
if (result.status === 'suspended') {
  console.log(result.suspended.map((path) => path.join(' > ')).join('\n'));
  console.log(result.suspendPayload.review);
  result = await run.resume({
    step: ['review', 'ask-reviewer'],
    resumeData: { approvedCents: 64_150, by: 'Grace' },
  });
  console.log(result.status);
}
if (result.status === 'success') console.log(result.result);
else process.exitCode = 1;
