import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { WorkflowRuntimeProps } from './props.ts';
import { WorkflowRuntime } from './workflow-runtime.ts';

/** Props of the stack and of the runtime in it. */
export interface WorkflowStackProps extends StackProps, WorkflowRuntimeProps {}

/** A stack with one runtime in it and nothing else, and what one has to know of it as outputs. */
export class WorkflowStack extends Stack {
  readonly runtime: WorkflowRuntime;

  constructor(scope: Construct, id: string, props: WorkflowStackProps) {
    super(scope, id, props);
    const runtime = new WorkflowRuntime(this, 'Workflows', props);
    this.runtime = runtime;
    this.#output('Url', runtime.url, 'URL of the API');
    this.#output('ApiId', runtime.apiId, 'Id of the API, for endpoints other than AWS');
    this.#output('TableName', runtime.table.tableName, 'Records of all runs');
    this.#output('BucketName', runtime.bucket.bucketName, 'Values too large for a record');
    this.#output('BusName', runtime.bus.eventBusName, 'Events of all runs');
    this.#output('WorkQueueUrl', runtime.workQueue.queueUrl, 'Events that wait for a worker');
    this.#output(
      'WorkDeadLetterQueueUrl',
      runtime.workDeadLetterQueue.queueUrl,
      'Events that could not be processed',
    );
    this.#output(
      'RoutingDeadLetterQueueUrl',
      runtime.routingDeadLetterQueue.queueUrl,
      'Events that could not be queued',
    );
    this.#output(
      'UndeliverableQueueUrl',
      runtime.undeliverableQueue.queueUrl,
      'Messages that nobody could do anything for',
    );
    this.#output(
      'ExpiryDeadLetterQueueUrl',
      runtime.expiryDeadLetterQueue.queueUrl,
      'Expired runs whose records could not be removed',
    );
    this.#output(
      'SweepDeadLetterQueueUrl',
      runtime.sweepDeadLetterQueue.queueUrl,
      'Calls of the sweeper that could not be made',
    );
  }

  #output(name: string, value: string, description: string): void {
    new CfnOutput(this, name, { value, description });
  }
}
