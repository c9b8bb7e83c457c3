import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { conforming } from '../http/conforming.ts';

/** An answer to {@link send}. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A request with any headers: `fetch` sets `Host` and `Origin` by itself. Its answer is compared with the OpenAPI document. */
export async function send(
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  const sent = request(url, { method, headers, agent: false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const { statusCode: status = 0, headers: received } = response;
  const answered = new Response(status === 204 ? null : text, { status, headers: headersOf(received) });
  await conforming({ method, url }, answered);
  return { status, headers: received, text };
}

function headersOf(received: IncomingMessage['headers']): Headers {
  const shown = Object.entries(received).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return new Headers(shown);
}

/** A connection on which bytes are written and read as they are. */
export async function openSocket(
  url: string,
): Promise<{ write(text: string): void; readonly closed: Promise<string> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  // A server that cuts a connection off resets it.
  socket.on('error', () => socket.destroy());
  return {
    write: (bytes) => socket.write(bytes),
    closed: once(socket, 'close').then(() => text),
  };
}
