import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { keptObjects } from '../src/adapters/aws/config.ts';
import { acknowledge } from './acknowledge.ts';

/** The bucket for values that are too large for a record. */
export function createBucket(
  scope: Construct,
  settings: { readonly removalPolicy: RemovalPolicy; readonly payloadExpiration: Duration | undefined },
): IBucket {
  const { removalPolicy, payloadExpiration } = settings;
  const bucket = new Bucket(scope, 'Payloads', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    lifecycleRules: [
      { id: 'AbortUploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      {
        id: 'ExpireKept',
        prefix: keptObjects.prefix,
        expiration: Duration.days(keptObjects.days),
      },
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
