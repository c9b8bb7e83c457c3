import { Annotations, ArnFormat, Aws, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Parts } from './parts.ts';

/**
 * Lets those services use a key that act on their own behalf: EventBridge, which puts encrypted messages into queues and keeps
 * encrypted events, and CloudWatch Logs. For this account only; narrower, to the rules and logs of this deployment, would have
 * the key wait for what waits for the key.
 */
export function allowServices(scope: Construct, key: IKey): void {
  const logs = Stack.of(scope).formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  const added = [
    new PolicyStatement({
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
    }),
    new PolicyStatement({
      principals: [new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`)],
      actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      resources: ['*'],
      conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': logs } },
    }),
  ].map((statement) => key.addToResourcePolicy(statement, true).statementAdded);
  if (added.includes(false)) {
    Annotations.of(scope).addWarningV2(
      'evented-workflows:key-policy',
      'The policy of the encryptionKey is not part of this app. It has to let events.amazonaws.com and ' +
        `logs.<region>.amazonaws.com use the key, or events and logs are lost: see "Encryption" in docs/construct.md.`,
    );
  }
}

/** Using the keys of what a deployment works on, through the services that it works with and in no other way. */
export function keyPermissions({ table, bucket, work, lanes, settings }: Parts): PolicyStatement[] {
  const keys = [
    settings.encryptionKey,
    table.encryptionKey,
    bucket.encryptionKey,
    ...[{ work }, ...lanes].flatMap((lane) => [
      lane.work.queue.encryptionMasterKey,
      lane.work.deadLetterQueue.encryptionMasterKey,
    ]),
  ];
  const arns = new Set(keys.flatMap((key) => (key === undefined ? [] : [key.keyArn])));
  if (arns.size === 0) return [];
  return [
    new PolicyStatement({
      sid: 'Keys',
      actions: [
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      resources: [...arns],
      conditions: {
        StringEquals: {
          'kms:ViaService': ['dynamodb', 's3', 'sqs'].map(
            (service) => `${service}.${Aws.REGION}.${Aws.URL_SUFFIX}`,
          ),
        },
      },
    }),
  ];
}
