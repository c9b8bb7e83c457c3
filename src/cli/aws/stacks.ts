import { CommandError } from '../exit.ts';
import { awsFailure, clientOptions, services } from './services.ts';

/** What a stack is made of, as far as it is looked at: names and ids by which the services know it. */
export interface StackParts {
  readonly alarms: readonly string[];
  readonly functions: readonly string[];
  /** Ids of event source mappings. */
  readonly mappings: readonly string[];
  readonly queues: readonly StackQueue[];
}

/** A queue of a stack. */
export interface StackQueue {
  /** Its logical id: the path of its construct, without what makes that unique. */
  readonly name: string;
  readonly url: string;
}

/** The outputs of a stack, by their names. */
export async function stackOutputs(
  stack: string,
  region: string | undefined,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const { CloudFormationClient, DescribeStacksCommand } = await services.cloudformation();
  const client = new CloudFormationClient(clientOptions(region));
  try {
    const command = new DescribeStacksCommand({ StackName: stack });
    const { Stacks: [found] = [] } = await client.send(command, { abortSignal: signal });
    const outputs = (found?.Outputs ?? []).map(({ OutputKey: name = '', OutputValue: value = '' }) => [
      name,
      value,
    ]);
    if (outputs.length > 0) return Object.fromEntries(outputs) as Record<string, string>;
  } catch (error) {
    throw awsFailure(`The stack ${stack} cannot be looked up`, error);
  } finally {
    client.destroy();
  }
  throw new CommandError('CLI_FAILED', `The stack ${stack} has no outputs: is it a WorkflowStack?`);
}

/** What a stack is made of. */
export async function stackParts(
  stack: string,
  region: string | undefined,
  signal: AbortSignal,
): Promise<StackParts> {
  const { CloudFormationClient, ListStackResourcesCommand } = await services.cloudformation();
  const client = new CloudFormationClient(clientOptions(region));
  const ids = new Map<string, string[]>();
  const queues: StackQueue[] = [];
  let token: string | undefined;
  try {
    do {
      const command = new ListStackResourcesCommand({
        StackName: stack,
        ...(token === undefined ? {} : { NextToken: token }),
      });
      const page = await client.send(command, { abortSignal: signal });
      for (const resource of page.StackResourceSummaries ?? []) {
        const { ResourceType: type = '', PhysicalResourceId: id, LogicalResourceId: logical = '' } = resource;
        if (id === undefined) continue;
        ids.set(type, [...(ids.get(type) ?? []), id]);
        if (type === 'AWS::SQS::Queue') queues.push({ name: logical.replace(/[0-9A-F]{8}$/, ''), url: id });
      }
      token = page.NextToken;
    } while (token !== undefined);
  } finally {
    client.destroy();
  }
  return {
    alarms: ids.get('AWS::CloudWatch::Alarm') ?? [],
    functions: ids.get('AWS::Lambda::Function') ?? [],
    mappings: ids.get('AWS::Lambda::EventSourceMapping') ?? [],
    queues,
  };
}
