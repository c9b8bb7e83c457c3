import { createHash } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { memoryBackend } from '../../src/adapters/memory/index.ts';
import { createStep, createWorkflow } from '../../src/index.ts';
import type { Backend, PayloadStore } from '../../src/ports/index.ts';
import { createRuntime, type Runtime } from '../../src/runtime/index.ts';

/** A place whose payloads can be reached by links, as those of S3 can: of a service that the tests are themselves. */

const any = z.unknown();

/** Gives back what it got. */
export const large = createWorkflow({ id: 'large', inputSchema: any, outputSchema: any })
  .then(
    createStep({
      id: 'same',
      inputSchema: any,
      outputSchema: any,
      execute: async ({ inputData }) => inputData,
    }),
  )
  .commit();

export const expiresAt = 1_800_000_000_000;

export interface Linked {
  readonly runtime: Runtime;
  /** Answers what links lead to: `https://objects.test/<run>/<name>`. */
  objects(request: Request): Promise<Response>;
  /** What `objects` was sent. */
  readonly seen: Request[];
}

/** A runtime in memory with links. It ends with the test. */
export function linkedRuntime({ links = true }: { readonly links?: boolean } = {}): Linked {
  const place = memoryBackend();
  const { payloads } = place;
  const written = new Map<string, string>();
  const seen: Request[] = [];
  const urlOf = (runId: string, name: string) => `https://objects.test/${encodeURIComponent(runId)}/${name}`;
  const linked: PayloadStore = {
    put: (...given) => payloads.put(...given),
    get: (...given) => payloads.get(...given),
    keep: (...given) => payloads.keep(...given),
    kept: (...given) => payloads.kept(...given),
    links: {
      read: async (runId, name) => ({ url: urlOf(runId, name), expiresAt }),
      write: async (runId, name, { sha256, bytes }) => {
        written.set(urlOf(runId, name), `${sha256} ${bytes}`);
        return { url: urlOf(runId, name), expiresAt, headers: { 'x-checksum': sha256 } };
      },
    },
  };
  const backend: Backend = links ? { ...place, payloads: linked } : place;
  const runtime = createRuntime({ workflows: [large], backend });
  onTestFinished(() => runtime.close());
  const keep = async (url: string, runId: string, name: string, request: Request): Promise<Response> => {
    const text = await request.text();
    const hash = createHash('sha256').update(text).digest('hex');
    const isWanted = written.get(url) === `${hash} ${Buffer.byteLength(text)}`;
    if (!isWanted || request.headers.get('x-checksum') !== hash) return new Response(null, { status: 400 });
    await payloads.keep(runId, name, text, expiresAt);
    return new Response();
  };
  return {
    runtime,
    seen,
    async objects(request) {
      seen.push(request);
      const [runId = '', name = ''] = new URL(request.url).pathname
        .slice(1)
        .split('/')
        .map(decodeURIComponent);
      if (request.method === 'PUT') return await keep(request.url, runId, name, request);
      const text = await payloads.kept(runId, name);
      return text === undefined ? new Response(null, { status: 404 }) : new Response(text);
    },
  };
}
