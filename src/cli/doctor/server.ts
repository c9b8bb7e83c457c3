import { isWorkflowApiError, type ListedRun, type RunsPage } from '../../client/index.ts';
import { type Access, accessOf, type Context, clientOf, requesterOf } from '../command.ts';
import { CommandError } from '../exit.ts';
import { packageVersion } from '../version.ts';
import { checked, type Finding, type Found } from './finding.ts';

/** Runs of a status that are looked at. */
const page = 1_000;

/** Those of runs that are not over. */
const statuses = ['pending', 'running', 'waiting', 'suspended', 'paused'] as const;

/**
 * Checks the API: who answers, whom it lets in, which version it is, and whether runs wait for code that is not there. `deployed`
 * is its URL by the deployment that the options name.
 */
export async function checkServer(context: Context, deployed?: string): Promise<Finding[]> {
  const { console, option } = context;
  const { signal } = console;
  const client = clientOf(console, option, deployed);
  const access = accessOf(console, option, deployed);
  let ids: readonly string[] | undefined;
  const finding = await checked('api', async () => {
    const found = await client.workflows({ signal }).catch((error: unknown) => refused(error, access));
    ids = found.map(({ id }) => id);
    const names = ids.length === 0 ? 'no workflows: export some from the entry' : ids.join(', ');
    return {
      verdict: ids.length === 0 ? 'warning' : 'ok',
      text: `answers, and lets this caller in: ${names}`,
    };
  });
  const api = { ...finding, text: `${access.url}: ${finding.text}` };
  if (ids === undefined) return [api];
  const known = new Set(ids);
  const [version, runs] = await Promise.all([
    checked('version', async () => versionFound(await deployedVersion(context, deployed)), 'warning'),
    checked('runs', async () => {
      const [parked, ...lists] = await Promise.all([
        client.runs({ parked: true, limit: page, signal }).catch(unasked),
        ...statuses.map((status) => client.runs({ status, limit: page, signal })),
      ]);
      return runsFound({
        parked,
        runs: lists.flatMap((list) => list.runs),
        isAll: lists.every(({ cursor }) => cursor === undefined),
        known,
      });
    }),
  ]);
  return [api, version, runs];
}

/** A server that is older than this command knows no such parameter. */
function unasked(error: unknown): undefined {
  if (!isWorkflowApiError(error) || error.status !== 400) throw error;
}

/** API Gateway refuses before this package's code is asked, in words of its own. */
function refused(error: unknown, { token, sign }: Access): never {
  const isGateway =
    isWorkflowApiError(error) && error.status === 403 && error.code === 'CLIENT_ANSWER_INVALID';
  if (!isGateway || token !== undefined || sign !== undefined) throw error;
  throw new CommandError(
    'CLI_FAILED',
    'refuses a request that is not signed (403): sign by --sigv4 <region>, or give a token by --token',
    { cause: error },
  );
}

/** The version that the API's own description has. */
async function deployedVersion({ console, option }: Context, deployed: string | undefined): Promise<string> {
  const response = await requesterOf(console, option, deployed)('openapi.json', console.signal);
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

interface SeenRuns {
  /** Those of which the server has found that they cannot go on; undefined when it cannot be asked. */
  readonly parked: RunsPage | undefined;
  readonly runs: readonly ListedRun[];
  /** False: there are older ones. */
  readonly isAll: boolean;
  /** Ids of the workflows that are there. */
  readonly known: ReadonlySet<string>;
}

function runsFound({ parked, runs, isAll, known }: SeenRuns): Found {
  const seen = isAll ? '' : ' of the newest 1,000 of each status';
  const lost = runs.filter(({ workflowId }) => !known.has(workflowId));
  if (lost.length === 0 && parked !== undefined && parked.runs.length > 0) {
    const count = `${parked.runs.length}${parked.cursor === undefined ? '' : ' or more'}`;
    const text = `${count} parked: they wait for code that is not there, see evented runs --parked`;
    return { verdict: 'failed', text };
  }
  if (lost.length === 0) {
    const text = `${runs.length} under way${seen} that this caller may see, all of workflows that are there`;
    if (parked !== undefined) return { verdict: 'ok', text };
    return {
      verdict: 'warning',
      text: `${text}; which are parked, this server is too old to say: deploy it again`,
    };
  }
  const names = [...new Set(lost.map(({ workflowId }) => workflowId))].join(', ');
  return {
    verdict: 'failed',
    text: `${lost.length}${seen} wait for workflows that are not there (${names}): deploy those again, or cancel the runs`,
  };
}
