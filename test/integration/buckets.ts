import { readFile } from 'node:fs/promises';
import { PutBucketTaggingCommand, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';

/**
 * Gives the buckets of deployed stacks the tag by which the CDK's function knows that it may empty them: an emulator drops
 * the tags that a template gives to a bucket.
 */
export async function markForEmptying(outputsFile: string, env: NodeJS.ProcessEnv): Promise<void> {
  const deployed = z
    .record(z.string(), z.object({ BucketName: z.string() }))
    .parse(JSON.parse(await readFile(outputsFile, 'utf8')));
  const client = new S3Client({
    region: env.AWS_REGION ?? '',
    endpoint: env.AWS_ENDPOINT_URL ?? '',
    forcePathStyle: true,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
    },
  });
  const TagSet = [{ Key: 'aws-cdk:auto-delete-objects', Value: 'true' }];
  for (const { BucketName } of Object.values(deployed)) {
    await client.send(new PutBucketTaggingCommand({ Bucket: BucketName, Tagging: { TagSet } }));
  }
}
