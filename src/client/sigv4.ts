import { SignatureV4 } from '@smithy/signature-v4';

/** Keys of AWS; temporary ones have a `sessionToken`. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Options of {@link signer}. */
export interface SignerOptions {
  /** Region of the API, such as `eu-central-1`. */
  readonly region: string;
  /**
   * Keys, or what gives them, such as a provider of `@aws-sdk/credential-providers`. A provider is asked for each request, so
   * that it can renew what expires: those of AWS keep what is still good.
   */
  readonly credentials: AwsKeys | (() => Promise<AwsKeys>);
  /** Signing name of the service: `execute-api` is that of API Gateway, `lambda` that of a function URL. @default 'execute-api' */
  readonly service?: string;
  /** Time of the signature. AWS refuses one that is off by more than 5 minutes. @default now */
  readonly now?: () => Date;
}

/** Headers that proxies and `fetch` itself may change on the way. */
const unsignable = new Set(['accept', 'accept-encoding', 'user-agent', 'connection', 'content-length']);

/**
 * Signs requests by AWS Signature Version 4, for an API with IAM authorization: give it to `createClient` as `sign`. Method,
 * path, query, headers and the hash of the body are signed. Needs the peer dependency `@smithy/signature-v4`, and Web
 * Cryptography, which pages over http do not have.
 */
export function signer(options: SignerOptions): (request: Request) => Promise<Request> {
  const { region, credentials, service = 'execute-api', now = () => new Date() } = options;
  const provider = typeof credentials === 'function' ? credentials : async () => credentials;
  // Every request asks the provider anew: the signer itself keeps no keys.
  const signature = new SignatureV4({
    region,
    credentials: provider,
    service,
    sha256: WebCryptoSha256,
    // The hash of the body is signed in any case; only S3 wants to see it as a header, too.
    applyChecksum: false,
  });
  return async (request) => {
    const url = new URL(request.url);
    const body = new Uint8Array(await request.arrayBuffer());
    const signed = await signature.sign(
      {
        method: request.method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: queryOf(url),
        headers: { ...Object.fromEntries(request.headers), host: url.host },
        body,
      },
      { signingDate: now(), unsignableHeaders: unsignable },
    );
    const { host: _, ...headers } = signed.headers;
    // `fetch` sets the host by itself, and a page may not.
    const { method, signal, redirect, credentials: cookies } = request;
    const init = { method, headers, signal, redirect, credentials: cookies };
    return new Request(request.url, { ...init, ...(body.length === 0 ? {} : { body }) });
  };
}

function queryOf(url: URL): Record<string, string[]> {
  const names = new Set(url.searchParams.keys());
  return Object.fromEntries([...names].map((name) => [name, url.searchParams.getAll(name)]));
}

/** SHA-256, with a secret its HMAC: what the signature is computed by, on every platform. */
class WebCryptoSha256 {
  readonly #secret: Uint8Array<ArrayBuffer> | undefined;
  #chunks: Uint8Array<ArrayBuffer>[] = [];

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? undefined : bytesOf(secret);
  }

  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#chunks.push(bytesOf(chunk));
  }

  async digest(): Promise<Uint8Array> {
    const { subtle } = globalThis.crypto;
    const data = await new Blob(this.#chunks).arrayBuffer();
    if (this.#secret === undefined) return new Uint8Array(await subtle.digest('SHA-256', data));
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    const key = await subtle.importKey('raw', this.#secret, algorithm, false, ['sign']);
    return new Uint8Array(await subtle.sign('HMAC', key, data));
  }

  reset(): void {
    this.#chunks = [];
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
  if (typeof data === 'string') return new TextEncoder().encode(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}
