import type { Operation } from './operation.ts';

/** The example of an operation as a command; `$url` is where the API is. */
export function curlOf({ route, example }: Operation): string {
  const [method = '', path = ''] = route.split(' ');
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(example.path?.[name] ?? name),
  );
  const query = new URLSearchParams(example.query).toString();
  const url = `"$url${filled}${query === '' ? '' : `?${query}`}"`;
  const headers = {
    ...(example.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...example.headers,
  };
  return [
    `curl -sS${method === 'GET' ? '' : ` -X ${method}`} ${url}`,
    ...Object.entries(headers).map(([name, text]) => `  -H ${quoted(`${name}: ${text}`)}`),
    ...(example.body === undefined ? [] : [`  -d ${quoted(JSON.stringify(example.body))}`]),
  ].join(' \\\n');
}

/** One word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
