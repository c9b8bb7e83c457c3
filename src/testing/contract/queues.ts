import { concurrencyCases, queueCases, timerCases } from './queue-cases.ts';
import { QueueFixture } from './queue-fixture.ts';
import { type ContractOptions, registerCases } from './suite.ts';

/**
 * Registers the tests that `EventBus`, `WorkSource` and `Timers` of every place with a source of its own have to pass. Each
 * backend needs a queue of its own: what is in it would be delivered to the next test.
 */
export function queueContract(options: ContractOptions): void {
  const groups = {
    'bus and queue': queueCases,
    'concurrency and stopping': concurrencyCases,
    timers: timerCases,
  };
  for (const [group, cases] of Object.entries(groups)) {
    registerCases(options, group, cases, (backend) => new QueueFixture(backend));
  }
}
