import { type CreateScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { EventBridgeClient, type PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { type SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Lane } from '../../src/adapters/aws/config.ts';
import { awsBackend, lanesOf, parseQueueMessage } from '../../src/adapters/aws/index.ts';
import type { WorkflowDefinition } from '../../src/core/definition.ts';
import type { WorkflowEvent } from '../../src/core/event.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';
import { ManualClock } from '../runtime/faults.ts';
import { localClient } from './dynamodb-place.ts';

/** Nothing is sent there: each client answers by itself. */
const region = { region: 'us-east-1' };

/** A message of a queue. */
export interface Message {
  readonly queue: string;
  readonly body: string;
  /** When it can be received, ms since 1970. */
  readonly dueAt: number;
}

/** A one-time schedule. */
export interface OneTimeSchedule {
  readonly name: string;
  readonly at: number;
  readonly queue: string;
  readonly body: string;
}

/** The AWS place on DynamoDB Local, with a bus, queues and a Scheduler that a test carries out by hand, on its own clock. */
export class DeploymentInHand {
  readonly clock = new ManualClock();
  readonly schedules: OneTimeSchedule[] = [];
  messages: Message[] = [];
  readonly #workflows: readonly WorkflowDefinition[];
  readonly #tableName: string;
  readonly #lanes: readonly Lane[];
  readonly #runtimes: Runtime[] = [];
  readonly #dynamodb = localClient();

  constructor(tableName: string, workflows: readonly WorkflowDefinition[], lanes: readonly Lane[] = []) {
    this.#tableName = tableName;
    this.#workflows = workflows;
    this.#lanes = lanes;
  }

  /** An execution environment of a function. */
  runtime(): Runtime {
    const backend = awsBackend({
      tableName: this.#tableName,
      busName: 'bus',
      queueUrl: 'work',
      bucket: 'payloads',
      schedules: { group: 'timers', roleArn: 'arn:aws:iam::123456789012:role/timers', queueArn: 'work' },
      laneOf: lanesOf(this.#lanes, this.#workflows),
      clock: this.clock,
      clients: {
        dynamodb: this.#dynamodb,
        eventbridge: this.#bus(),
        sqs: this.#queues(),
        scheduler: this.#scheduler(),
      },
    });
    const runtime = createRuntime({ workflows: this.#workflows, backend, logger: { warn: () => {} } });
    this.#runtimes.push(runtime);
    return runtime;
  }

  /** Takes a message that is due; it has to be there. */
  take(): WorkflowEvent {
    const message = this.messages.find(({ dueAt }) => dueAt <= this.clock.now());
    if (message === undefined) throw new Error('no message is due');
    this.messages = this.messages.filter((other) => other !== message);
    return parseQueueMessage(message.body);
  }

  /** Hands over what is due, and what comes of it. */
  async drain(runtime: Runtime): Promise<void> {
    while (this.messages.some(({ dueAt }) => dueAt <= this.clock.now())) await runtime.handle(this.take());
  }

  /** Lets time pass until the next schedule, which the Scheduler carries out and deletes. */
  fireSchedule(): OneTimeSchedule {
    const [schedule] = this.schedules.toSorted((a, b) => a.at - b.at);
    if (schedule === undefined) throw new Error('no schedule is set');
    this.schedules.splice(this.schedules.indexOf(schedule), 1);
    this.clock.pass(Math.max(0, schedule.at - this.clock.now()));
    this.messages.push({ queue: schedule.queue, body: schedule.body, dueAt: this.clock.now() });
    return schedule;
  }

  async close(): Promise<void> {
    for (const runtime of this.#runtimes) await runtime.close();
    this.#dynamodb.destroy();
  }

  #bus(): EventBridgeClient {
    const send = async ({ input }: PutEventsCommand): Promise<object> => {
      const entries = input.Entries ?? [];
      for (const { Source, DetailType, Detail = '' } of entries) {
        const detail = JSON.parse(Detail) as { readonly work: boolean; readonly lane?: string };
        // As the rules of the work queue, and of those of the lanes, say it.
        if (!detail.work) continue;
        const body = JSON.stringify({ source: Source, 'detail-type': DetailType, detail });
        this.messages.push({ queue: detail.lane ?? 'work', body, dueAt: this.clock.now() });
      }
      return { Entries: entries.map(() => ({ EventId: 'id' })) };
    };
    return Object.assign(new EventBridgeClient(region), { send: send as EventBridgeClient['send'] });
  }

  #queues(): SQSClient {
    const send = async ({ input }: SendMessageCommand): Promise<object> => {
      const { QueueUrl: queue = '', MessageBody: body = '', DelaySeconds: delay = 0 } = input;
      this.messages.push({ queue, body, dueAt: this.clock.now() + delay * 1_000 });
      return {};
    };
    return Object.assign(new SQSClient(region), { send: send as SQSClient['send'] });
  }

  #scheduler(): SchedulerClient {
    const send = async ({ input }: CreateScheduleCommand): Promise<object> => {
      const { Name: name = '', ScheduleExpression: expression = '', Target: target } = input;
      if (this.schedules.some((other) => other.name === name)) {
        throw Object.assign(new Error('exists'), { name: 'ConflictException' });
      }
      const at = Date.parse(`${expression.slice('at('.length, -1)}Z`);
      this.schedules.push({ name, at, queue: target?.Arn ?? '', body: target?.Input ?? '' });
      return {};
    };
    return Object.assign(new SchedulerClient(region), { send: send as SchedulerClient['send'] });
  }
}
