import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Keeps objects by their path, as much of S3 as the payload store uses: put, get, and the error for what is not there.
 * No emulator of DynamoDB has S3 beside it; the client and what it sends are the real ones.
 */
export async function startObjectServer(): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const objects = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'PUT') {
        objects.set(path, Buffer.concat(chunks));
        response.end();
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
