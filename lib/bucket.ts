import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { keptObjects } from '../src/adapters/aws/config.ts';
import { acknowledge } from './acknowledge.ts';
import type { StorageSettings } from './storage-settings.ts';

/** What is removed from any bucket that holds payloads. */
const RULES: readonly LifecycleRule[] = [
  { id: 'AbortUploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
  { id: 'ExpireKept', prefix: keptObjects.prefix, expiration: Duration.days(keptObjects.days) },
];

/** The bucket for values that are too large for a record. */
export function createBucket(scope: Construct, settings: StorageSettings): IBucket {
  const { removalPolicy, payloadExpiration, encryptionKey } = settings;
  const bucket = new Bucket(scope, 'Payloads', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    ...(encryptionKey === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : // One request to KMS for many objects, instead of one for each.
        { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    lifecycleRules: [
      ...RULES,
      ...(payloadExpiration === undefined ? [] : [{ id: 'ExpirePayloads', expiration: payloadExpiration }]),
    ],
    removalPolicy,
    autoDeleteObjects: removalPolicy === RemovalPolicy.DESTROY,
  });
  acknowledge(
    bucket,
    'AwsSolutions-S1',
    'Only the roles of the functions read or write here, under names that are hashes. Whoever needs an audit trail ' +
      'turns on CloudTrail data events for this bucket; a log bucket for each deployment would have to be paid for and ' +
      'secured too.',
  );
  // The types of the CDK are not made for `exactOptionalPropertyTypes`.
  return bucket as IBucket;
}

/** Lets a bucket that others made forget what nobody needs. One that was imported has to have such rules already. */
export function adoptBucket(bucket: IBucket): IBucket {
  if (bucket instanceof Bucket) {
    for (const rule of RULES) bucket.addLifecycleRule({ ...rule, id: `EventedWorkflows${rule.id}` });
  }
  return bucket;
}
