import { type Context, Hono } from 'hono';
import { WorkflowError } from '../core/errors.ts';
import type { Runtime } from '../runtime/api.ts';
import { defaultMaxInFlight, InFlight } from './in-flight.ts';
import { type BodyLimits, defaultBodyLimits, isJson, parseJson, readBytes, textOf } from './json-body.ts';
import { problem, problemOf, problemResponse } from './problem.ts';
import type { Call } from './call.ts';
import { httpRoutes, type Route } from './routes.ts';
import { queryOf } from './schemas.ts';

/** Options of {@link createHttpApp}. `Platform` is what the place gives with each request: for a Lambda, its event. */
export interface HttpAppOptions<Platform extends object = object> {
  readonly runtime: Runtime;
  /**
   * Says who makes a request, from what the place has verified; that principal owns the runs it starts and sees no others.
   * Undefined: everybody may do everything. Throws WORKFLOW_UNAUTHENTICATED to refuse. Not asked for `/health`.
   * @default nobody owns anything
   */
  readonly identify?: (
    request: Request,
    platform: Platform,
  ) => string | undefined | Promise<string | undefined>;
  /** Whether the place can stream an answer; if not, who asks for server-sent events gets a JSON page. @default false */
  readonly serverSentEvents?: boolean;
  /** A silent stream sends a comment this often, ms, 1 to 25,000. @default 15,000 */
  readonly heartbeatMs?: number;
  /** Caps of request bodies. @default each as {@link BodyLimits} says */
  readonly bodyLimits?: Partial<BodyLimits>;
  /**
   * Requests under way at once, event streams included, 1 or more; one more is refused with HTTP_TOO_MANY_REQUESTS. `/health` is
   * always answered.
   * @default 1,000
   */
  readonly maxInFlight?: number;
  /** Path before all routes, such as `/api`. @default none */
  readonly basePath?: string;
  /** Ends streams and waits for events, so that a server can stop. @default nothing does */
  readonly shutdown?: AbortSignal;
  /** Told about every answer with a status of 500 or more, whose cause the caller does not see. @default nobody is told */
  readonly onError?: (error: unknown, request: Request) => void;
}

/** The HTTP API as a fetch handler: `fetch(request, platform)`. */
export type HttpApp<Platform extends object = object> = Hono<{ Bindings: Platform }>;

/**
 * The HTTP API over a runtime, for any place that speaks `fetch`: the local server and, by `hono/aws-lambda`, the API
 * function. Routes, bodies and problem documents are in docs/http.md. Throws WORKFLOW_DEFINITION_INVALID for a malformed
 * option.
 */
export function createHttpApp<Platform extends object = object>(
  options: HttpAppOptions<Platform>,
): HttpApp<Platform> {
  checkOptions(options);
  const inFlight = new InFlight(options.maxInFlight ?? defaultMaxInFlight);
  const root = new Hono<{ Bindings: Platform }>();
  const app = options.basePath === undefined ? root : root.basePath(options.basePath);
  for (const route of httpRoutes) {
    app.on(route.method, route.path, async (context) => {
      const work = (): Promise<Response> => answer({ ...options, inFlight }, route, context);
      return isOpen(route) ? work() : inFlight.during(work);
    });
  }
  for (const path of new Set(httpRoutes.map((route) => route.path))) {
    const allow = allowedMethods(path);
    app.all(path, ({ req }) => refuseMethod(req.method, allow));
  }
  root.notFound(({ req }) =>
    problemResponse(problem('HTTP_ROUTE_NOT_FOUND', `No route has the path ${new URL(req.url).pathname}`)),
  );
  return root;
}

/** Whoever asks how the server is needs no name, and is answered however busy it is. */
function isOpen({ path }: Route): boolean {
  return path === '/health';
}

function checkOptions({ heartbeatMs = 1, maxInFlight = 1, basePath }: HttpAppOptions<never>): void {
  const refuse = (text: string): never => {
    throw new WorkflowError('WORKFLOW_DEFINITION_INVALID', text);
  };
  // Without a pause a silent stream would ask the runtime again and again.
  if (!(heartbeatMs >= 1 && heartbeatMs <= 25_000)) {
    refuse(`heartbeatMs is ${String(heartbeatMs)}: give 1 to 25,000 ms`);
  }
  if (!Number.isInteger(maxInFlight) || maxInFlight < 1) {
    refuse(`maxInFlight is ${String(maxInFlight)}: give a whole number of requests, 1 or more`);
  }
  if (basePath !== undefined && !/^\/[^/](?:.*[^/])?$/.test(basePath)) {
    refuse(`basePath is "${basePath}": begin it with a slash, and end it without one`);
  }
}

function allowedMethods(path: string): string {
  const own = httpRoutes.filter((route) => route.path === path).map((route) => route.method);
  return [...own, ...(own.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}

function refuseMethod(method: string, allow: string): Response {
  if (method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } });
  const detail = `${method} is not a method of this route: use ${allow}`;
  return problemResponse(problem('HTTP_METHOD_NOT_ALLOWED', detail), { allow });
}

async function answer<Platform extends object>(
  options: HttpAppOptions<Platform> & { readonly inFlight: InFlight },
  route: Route,
  context: Context<{ Bindings: Platform }>,
): Promise<Response> {
  const request = context.req.raw;
  try {
    const url = new URL(request.url);
    checkPath(url);
    const owner = isOpen(route) ? undefined : await ownerOf(options, request, context.env);
    const caps = { ...defaultBodyLimits, ...options.bodyLimits };
    const hasBody = route.method !== 'GET';
    const bytes = hasBody ? await readBytes(request, caps.bytes) : new Uint8Array();
    // A request without a body needs not say of what kind its body is.
    const refused = bytes.byteLength === 0 ? undefined : refuseKind(request);
    if (refused !== undefined) return refused;
    const text = textOf(bytes);
    const call: Call = {
      runtime: options.runtime,
      request,
      params: context.req.param(),
      query: queryOf(url),
      body: hasBody ? parseJson(text, caps) : undefined,
      text,
      bodyLimits: caps,
      owner: owner === undefined ? {} : { owner },
      basePath: options.basePath ?? '',
      serverSentEvents: options.serverSentEvents ?? false,
      heartbeatMs: options.heartbeatMs ?? 15_000,
      signal: () =>
        options.shutdown === undefined ? request.signal : AbortSignal.any([request.signal, options.shutdown]),
      enter: () => options.inFlight.enter(),
      onError: (error) => report(options, error, request),
    };
    return await route.handle(call);
  } catch (thrown) {
    report(options, thrown, request);
    return problemResponse(problemOf(thrown));
  }
}

/** Why a body is not read. A compressed one could be a thousand times as large as it looks. */
function refuseKind({ method, headers }: Request): Response | undefined {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') {
    return problemResponse(
      problem('HTTP_CONTENT_ENCODING_UNSUPPORTED', `The body is in ${encoding}: send it uncompressed`),
      { 'accept-encoding': 'identity' },
    );
  }
  if (isJson(headers.get('content-type'))) return undefined;
  return problemResponse(
    problem('HTTP_CONTENT_TYPE_UNSUPPORTED', 'Send the body as application/json, in UTF-8'),
    method === 'POST' ? { 'accept-post': 'application/json' } : {},
  );
}

function report<Platform extends object>(
  { onError }: HttpAppOptions<Platform>,
  thrown: unknown,
  request: Request,
): void {
  if (problemOf(thrown).status >= 500) onError?.(thrown, request);
}

/** The router lets a broken escape through as it is, and a run of that name would be taken for the one meant. */
function checkPath(url: URL): void {
  try {
    decodeURIComponent(url.pathname);
  } catch (cause) {
    throw new WorkflowError(
      'WORKFLOW_ARGUMENT_INVALID',
      `The path ${url.pathname} is not percent-encoded UTF-8: encode each id by encodeURIComponent`,
      { cause },
    );
  }
}

async function ownerOf<Platform extends object>(
  { identify }: HttpAppOptions<Platform>,
  request: Request,
  platform: Platform,
): Promise<string | undefined> {
  const owner = await identify?.(request, platform);
  if (owner !== '') return owner;
  // A principal without a name would be everybody's.
  throw new WorkflowError('WORKFLOW_UNAUTHENTICATED', 'The caller has no name: sign the request');
}
