/**
 * What is used of the S3 client. A module of its own, because a bundler drops the rest of a package that is imported by name, and
 * keeps all of one that is loaded on first use.
 */
export {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
