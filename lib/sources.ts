import { Token } from 'aws-cdk-lib';
import { type IEventBus, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import {
  environment,
  eventTypePrefix,
  isOwnSource,
  type RequestSource,
  requestSourceLimits,
  requestVerbs,
} from '../src/adapters/aws/config.ts';
import { invalid } from './bounds.ts';
import type { WorkflowRuntimeError } from './errors.ts';

const { sources: MOST, sourceLength: LONGEST, ownerLength: LONGEST_OWNER } = requestSourceLimits;

/** Detail-types of requests. */
const TYPES = requestVerbs.map(typeOf);

/**
 * Characters of the sources in one rule: an event pattern has at most 2,048 (EventBridge quotas), and one rule is one of the 20
 * statements that a queue's policy may have (SQS quotas).
 */
const RULE_CHARACTERS = 1_800;

function typeOf(verb: (typeof requestVerbs)[number]): string {
  return `${eventTypePrefix}${verb}`;
}

/** Checks the prop of this name. Throws `WorkflowRuntimeError`. */
export function requestSourcesOf(sources: readonly RequestSource[]): readonly RequestSource[] {
  if (sources.length > MOST) {
    throw refused('', `it has ${sources.length} sources; write at most ${MOST}`);
  }
  for (const [index, source] of sources.entries()) checkSource(source, `[${index}]`);
  const names = sources.map(({ source }) => source);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw refused('', `"${twice}" is there twice; write all that it may into one`);
  return sources;
}

/** Untyped callers come through here too, hence the checks that the types make already. */
function checkSource({ source, may, workflows, owner }: RequestSource, at: string): void {
  // The pattern of a rule, and what the function compares with, are written at synthesis.
  if (typeof source !== 'string' || source === '' || source.length > LONGEST || Token.isUnresolved(source)) {
    throw refused(
      `${at}.source`,
      `it is no text of 1 to ${LONGEST} characters; write the source of the events`,
    );
  }
  if (isOwnSource(source)) {
    throw refused(
      `${at}.source`,
      `"${source}" is a name of the engine, whose events are facts; write the source of another application`,
    );
  }
  const strange = may?.find((verb) => !requestVerbs.includes(verb));
  if (may?.length === 0 || strange !== undefined) {
    const what = strange === undefined ? 'it is empty' : `there is no "${strange}"`;
    throw refused(`${at}.may`, `${what}; write some of ${requestVerbs.join(', ')}, or leave it for all`);
  }
  if (workflows !== undefined && (workflows.length === 0 || workflows.includes(''))) {
    throw refused(`${at}.workflows`, 'it names no workflow; write ids of workflows, or leave it for all');
  }
  if (owner !== undefined && (owner === '' || owner.length > LONGEST_OWNER)) {
    throw refused(`${at}.owner`, `it has ${owner.length} characters; write 1 to ${LONGEST_OWNER}`);
  }
}

function refused(field: string, problem: string): WorkflowRuntimeError {
  return invalid(`requestSources${field}`, problem);
}

/** What the functions that handle requests are told. */
export function requestSourcesEnvironment(sources: readonly RequestSource[]): Record<string, string> {
  return sources.length === 0 ? {} : { [environment.requestSources]: JSON.stringify(sources) };
}

/**
 * Routes the requests of the sources to the work queue, by rules of their own, so that whatever their events say is never taken
 * for the engine's. What a source may not ask for comes too: it is answered by a refusal.
 */
export function routeRequests(
  scope: Construct,
  {
    bus,
    sources,
    target,
  }: { readonly bus: IEventBus; readonly sources: readonly RequestSource[]; readonly target: IRuleTarget },
): void {
  for (const [index, source] of inRules(sources.map((one) => one.source)).entries()) {
    new Rule(scope, `RequestRule${index === 0 ? '' : index + 1}`, {
      eventBus: bus,
      description: 'Requests of other sources to start, resume and cancel runs, to the work queue',
      eventPattern: { source, detailType: TYPES },
      targets: [target],
    });
  }
}

function inRules(sources: readonly string[]): string[][] {
  const rules: string[][] = [];
  let characters = 0;
  for (const source of sources) {
    const size = JSON.stringify(source).length + 1;
    const open = rules.at(-1);
    if (open !== undefined && characters + size <= RULE_CHARACTERS) {
      open.push(source);
      characters += size;
    } else {
      rules.push([source]);
      characters = size;
    }
  }
  return rules;
}

/**
 * Lets a principal put the requests of a source on the bus, and nothing else. Throws `WorkflowRuntimeError` for a source that
 * may not ask.
 */
export function grantRequests(
  { bus, sources }: { readonly bus: IEventBus; readonly sources: readonly RequestSource[] },
  source: string,
  grantee: IGrantable,
): Grant {
  const allowed = sources.find((one) => one.source === source);
  if (allowed === undefined) {
    throw refused('', `"${source}" is none of them; write { source: '${source}' } into it, and then grant`);
  }
  return Grant.addToPrincipal({
    grantee,
    actions: ['events:PutEvents'],
    resourceArns: [bus.eventBusArn],
    conditions: {
      StringEquals: {
        'events:source': source,
        'events:detail-type': (allowed.may ?? requestVerbs).map(typeOf),
      },
    },
  });
}
