import type { ListedRun } from '../../client/index.ts';
import { type Context, clientOf, requesterOf } from '../command.ts';
import { CommandError } from '../exit.ts';
import { packageVersion } from '../version.ts';
import { checked, type Finding, type Found } from './finding.ts';

/** Runs that are looked at. */
const page = 1_000;

/** Checks the API: who answers, whom it lets in, which version it is, and whether runs wait for code that is not there. */
export async function checkServer(context: Context, url?: string): Promise<Finding[]> {
  const { console, option } = context;
  const { signal } = console;
  const client = url === undefined ? context.client : clientOf(console, option, url);
  let ids: readonly string[] | undefined;
  const api = await checked('api', async () => {
    const found = await client.workflows({ signal });
    ids = found.map(({ id }) => id);
    const names = ids.length === 0 ? 'no workflows: export some from the entry' : ids.join(', ');
    return {
      verdict: ids.length === 0 ? 'warning' : 'ok',
      text: `answers, and lets this caller in: ${names}`,
    };
  });
  if (ids === undefined) return [api];
  const known = new Set(ids);
  const [version, runs] = await Promise.all([
    checked('version', async () => versionFound(await deployedVersion(context, url)), 'warning'),
    checked('runs', async () => {
      const lists = await Promise.all(
        (['running', 'waiting', 'suspended'] as const).map((status) =>
          client.runs({ status, limit: page, signal }),
        ),
      );
      return runsFound(
        lists.flatMap((list) => list.runs),
        known,
      );
    }),
  ]);
  return [api, version, runs];
}

/** The version that the API's own description has. */
async function deployedVersion({ console, option }: Context, url: string | undefined): Promise<string> {
  const response = await requesterOf(console, option, url)('openapi.json', console.signal);
  const document: unknown = response.ok ? await response.json() : undefined;
  const { info } = (document ?? {}) as { readonly info?: { readonly version?: unknown } };
  if (typeof info?.version === 'string') return info.version;
  throw new CommandError('CLI_FAILED', `The API does not say its version: status ${response.status}`);
}

function versionFound(version: string): Found {
  const own = packageVersion();
  if (version === own) return { verdict: 'ok', text: `${version}, as this command` };
  return {
    verdict: 'warning',
    text: `${version} answers, and this command is ${own}: use the version that is deployed, or deploy this one`,
  };
}

function runsFound(runs: readonly ListedRun[], known: ReadonlySet<string>): Found {
  const parked = runs.filter(({ workflowId }) => !known.has(workflowId));
  if (parked.length === 0)
    return {
      verdict: 'ok',
      text: `${runs.length} under way that this caller may see, all of workflows that are there`,
    };
  const names = [...new Set(parked.map(({ workflowId }) => workflowId))].join(', ');
  return {
    verdict: 'failed',
    text: `${parked.length} wait for workflows that are not there (${names}): deploy those again, or cancel the runs`,
  };
}
