import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Keeps objects by their path, as much of S3 as the payload store uses: put, get, the error for what is not there, the list
 * of a prefix (a few at a time, so that a reader has to go on), and the deletion of several. No emulator of DynamoDB has S3 beside it; the client and what it sends are the real ones.
 */
export async function startObjectServer(): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const objects = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'PUT') {
        objects.set(path, Buffer.concat(chunks));
        response.end();
        return;
      }
      if (searchParams.has('list-type')) {
        response.end(listed(objects, bucketPath(path), searchParams.get('prefix') ?? ''));
        return;
      }
      if (searchParams.has('delete')) {
        const body = Buffer.concat(chunks).toString();
        for (const [, key = ''] of body.matchAll(/<Key>([^<]*)<\/Key>/g)) {
          objects.delete(`${bucketPath(path)}${encodeKey(key)}`);
        }
        response.end('<DeleteResult></DeleteResult>');
        return;
      }
      const found = objects.get(path);
      if (found !== undefined) {
        response.end(found);
        return;
      }
      response.writeHead(404, { 'content-type': 'application/xml' });
      response.end('<Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message></Error>');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const listedAtOnce = 2;

function listed(objects: ReadonlyMap<string, Buffer>, bucket: string, prefix: string): string {
  const keys = [...objects.keys()]
    .filter((name) => name.startsWith(`${bucket}${encodeKey(prefix)}`))
    .slice(0, listedAtOnce)
    .map((name) => `<Contents><Key>${decodeURIComponent(name.slice(bucket.length))}</Key></Contents>`);
  return `<ListBucketResult>${keys.join('')}</ListBucketResult>`;
}

function bucketPath(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

/** A key as the client writes it in a path. */
function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}
