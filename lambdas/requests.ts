import type { RequestSource } from '../src/adapters/aws/config.ts';
import { readAwsConfig } from '../src/adapters/aws/index.ts';
import {
  claimsOf,
  parseRequest,
  parseRequestEnvelope,
  type RequestEnvelope,
  type RunRequest,
} from '../src/adapters/aws/request-message.ts';
import { requestRefusals } from '../src/adapters/aws/request-refusals.ts';
import { readRequestSources } from '../src/adapters/aws/request-sources.ts';
import { errorStatus, isWorkflowError, WorkflowError } from '../src/core/errors.ts';
import { refusalMessageLength, refusalType, type RequestRefused } from '../src/events/index.ts';
import type { Metrics } from '../src/ports/index.ts';
import type { Runtime } from '../src/runtime/index.ts';
import { metrics } from './observability.ts';

/** See {@link requestHandler}. */
export interface RequestHandlerOptions {
  readonly runtime: Pick<Runtime, 'start' | 'resume' | 'resumeByKey' | 'cancel'>;
  /** Who may ask, and for what. */
  readonly sources: readonly RequestSource[];
  /** Answers a refused request. */
  readonly refuse: (refusal: RequestRefused) => Promise<void>;
  /** @default counts nothing */
  readonly metrics?: Metrics;
  /** ms since 1970. */
  readonly now: () => number;
}

/**
 * Does what an event of another source asks for. However often the request is delivered it is done once: the id of a run that is
 * started, and what a resumption or cancel means, follow from the request's source and id. What cannot be done is refused by an
 * event, and over with that; what cannot be done now (the backend fails) rejects, and so does what is no event of a rule, and one of
 * a source that nobody allowed: with WORKFLOW_ARGUMENT_INVALID.
 */
export function requestHandler(options: RequestHandlerOptions): (content: unknown) => Promise<void> {
  const sources = new Map(options.sources.map((source) => [source.source, source]));
  return async (content) => {
    const envelope = parseRequestEnvelope(content);
    const source = sources.get(envelope.source);
    if (source === undefined) throw unknownSource(envelope.source);
    try {
      await perform(options.runtime, source, parseRequest(envelope));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await options.refuse(refusalOf(envelope, error, options.now()));
      options.metrics?.count('request.refused', { code: error.code });
    }
  };
}

/** The {@link requestHandler} by the environment of this function. */
export function deploymentRequests(runtime: Runtime): ReturnType<typeof requestHandler> {
  return requestHandler({
    runtime,
    sources: readRequestSources(process.env),
    refuse: requestRefusals({ busName: readAwsConfig(process.env).busName }),
    metrics,
    now: Date.now,
  });
}

async function perform(
  runtime: RequestHandlerOptions['runtime'],
  source: RequestSource,
  request: RunRequest,
): Promise<void> {
  const { may, workflows, owner = `events:${source.source}` } = source;
  const verb = verbs[request.type];
  if (may?.includes(verb) === false) {
    throw forbidden(
      `Source "${source.source}" may not ask to ${verb} runs: allow it that, or let another source ask`,
    );
  }
  const run = {
    owner,
    requestKey: request.key,
    ...(workflows === undefined ? {} : { workflowIds: workflows }),
  };
  if (request.type === 'workflow.resume') {
    const { requestId: _, runId, key, ...detail } = request.detail;
    if (key !== undefined) await runtime.resumeByKey({ ...detail, key, ...run });
    else if (runId !== undefined) await runtime.resume({ ...detail, runId, ...run });
  } else if (request.type === 'workflow.cancel') {
    await runtime.cancel({ runId: request.detail.runId, ...run });
  } else {
    const { requestId: _, ...detail } = request.detail;
    const { workflowId } = detail;
    if (workflows?.includes(workflowId) === false) {
      throw forbidden(
        `Source "${source.source}" may not ask for runs of workflow "${workflowId}": allow it that workflow`,
      );
    }
    await runtime.start({ runId: request.key, ...detail, owner });
  }
}

const verbs = {
  'workflow.start': 'start',
  'workflow.resume': 'resume',
  'workflow.cancel': 'cancel',
} as const;

function forbidden(message: string): WorkflowError {
  return new WorkflowError('WORKFLOW_RUN_FORBIDDEN', message);
}

/** What the caller of the API would be told is its own fault: the same request fails again, however often it comes. */
function isRefusal(error: unknown): error is WorkflowError {
  return isWorkflowError(error) && errorStatus[error.code] < 500;
}

function refusalOf(envelope: RequestEnvelope, error: WorkflowError, time: number): RequestRefused {
  const { source, type: request } = envelope;
  return {
    type: refusalType,
    work: false,
    ...claimsOf(envelope),
    source,
    request,
    code: error.code,
    message: shortened(messageOf(error)),
    time,
  };
}

/** Whoever may put rules on the bus reads it, so it names fields and steps, and never what schemas say of a value. */
function messageOf({ code, message, details }: WorkflowError): string {
  if (code === 'WORKFLOW_SCHEMA_VALIDATION_FAILED') {
    const paths = (details.issues ?? []).map(({ path }) => path || 'the value itself');
    const where = paths.length === 0 ? '' : ` (${[...new Set(paths)].join(', ')})`;
    return `A value of the request does not fit its schema${where}: send what the workflow asks for`;
  }
  // Authors make labels and keys of data.
  if (code === 'WORKFLOW_RESUME_KEY_NOT_FOUND') {
    return 'No step waits under the key of the request: it was resumed already, or has not been suspended yet, or its run has another owner';
  }
  if (code === 'WORKFLOW_RESUME_LABEL_NOT_FOUND') {
    return 'No suspended step of the run has this label: read from the run which labels there are';
  }
  return message;
}

function shortened(message: string): string {
  const letters = Array.from(message);
  return letters.length <= refusalMessageLength
    ? message
    : `${letters.slice(0, refusalMessageLength - 1).join('')}…`;
}

function unknownSource(source: string): WorkflowError {
  return new WorkflowError(
    'WORKFLOW_ARGUMENT_INVALID',
    `An event of source "${source}" came to the work queue, and nobody allowed it to ask for runs: write it into ` +
      'requestSources, or take away the rule that sent it',
  );
}
