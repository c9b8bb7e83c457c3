import type { ValidationIssue } from '../../core/errors.ts';
import type { Lane } from './config.ts';
import { type FieldRule, isObject, issuesOfFields, jsonOf } from './fields.ts';

const rules: Readonly<Record<keyof Lane, FieldRule>> = {
  name: {
    is: (value) => typeof value === 'string' && /^[A-Za-z0-9-]{1,40}$/.test(value),
    expected: 'a name of 1 to 40 letters, digits and hyphens',
  },
  queueUrl: {
    is: (value) => typeof value === 'string' && URL.canParse(value),
    expected: 'a URL',
  },
  queueArn: {
    is: (value) => typeof value === 'string' && value.startsWith('arn:'),
    expected: 'an ARN',
  },
  workflows: {
    is: (value) => areTexts(value, /./s),
    expected: 'an array of ids of workflows',
    optional: true,
  },
  steps: {
    is: (value) => areTexts(value, /^.+\/.+$/),
    expected: 'an array of <workflow id>/<step id>',
    optional: true,
  },
  stepsOver: { is: isMilliseconds, expected: 'a whole number of milliseconds', optional: true },
};

/** The lanes in the text of their variable, and what is wrong with it: the path in it, and words that follow that. */
export function lanesIn(text: string): {
  readonly lanes: readonly Lane[];
  readonly issues: readonly ValidationIssue[];
} {
  const lanes = jsonOf(text);
  if (!Array.isArray(lanes)) return refused(lanes === undefined ? 'is no JSON' : 'is no array');
  const issues = lanes.flatMap((lane: unknown, at) =>
    issuesIn(lane).map(({ path, message }) => ({
      path: [at, path].filter((part) => part !== '').join('.'),
      message,
    })),
  );
  if (issues.length > 0) return { lanes: [], issues };
  const names = new Set((lanes as readonly Lane[]).map(({ name }) => name));
  return names.size === lanes.length ? { lanes, issues } : refused('has a name twice');
}

function refused(message: string): ReturnType<typeof lanesIn> {
  return { lanes: [], issues: [{ path: '', message }] };
}

function issuesIn(lane: unknown): ValidationIssue[] {
  if (!isObject(lane)) return [{ path: '', message: 'is no object' }];
  const unknown = Object.keys(lane).filter((name) => !Object.hasOwn(rules, name));
  const issues = unknown.map((name) => ({ path: name, message: 'is no field of a lane' }));
  issues.push(...issuesOfFields(lane, rules));
  if ((lane['workflows'] ?? lane['steps'] ?? lane['stepsOver']) === undefined) {
    issues.push({ path: '', message: 'has none of workflows, steps and stepsOver' });
  }
  return issues;
}

function areTexts(value: unknown, pattern: RegExp): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' && pattern.test(one));
}

function isMilliseconds(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
