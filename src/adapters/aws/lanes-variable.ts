import type { ValidationIssue } from '../../core/errors.ts';
import type { Lane } from './config.ts';

/** How a field of a lane has to be. */
interface FieldRule {
  readonly is: (value: unknown) => boolean;
  /** What is said of another value. */
  readonly otherwise: string;
  readonly required?: true;
}

const rules: Readonly<Record<keyof Lane, FieldRule>> = {
  name: {
    is: (value) => typeof value === 'string' && /^[A-Za-z0-9-]{1,40}$/.test(value),
    otherwise: 'is no name of 1 to 40 letters, digits and hyphens',
    required: true,
  },
  queueUrl: {
    is: (value) => typeof value === 'string' && URL.canParse(value),
    otherwise: 'is no URL',
    required: true,
  },
  queueArn: {
    is: (value) => typeof value === 'string' && value.startsWith('arn:'),
    otherwise: 'is no ARN',
    required: true,
  },
  workflows: { is: (value) => areTexts(value, /./s), otherwise: 'is no array of ids of workflows' },
  steps: { is: (value) => areTexts(value, /^.+\/.+$/), otherwise: 'is no array of <workflow id>/<step id>' },
  stepsOver: { is: isMilliseconds, otherwise: 'is no whole number of milliseconds' },
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
  if (typeof lane !== 'object' || lane === null) return [{ path: '', message: 'is no object' }];
  const given = lane as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(rules, name));
  const issues = unknown.map((name) => ({ path: name, message: 'is no field of a lane' }));
  for (const [name, { is, otherwise, required }] of Object.entries(rules)) {
    const value = given[name];
    if (value === undefined ? required === true : !is(value)) issues.push({ path: name, message: otherwise });
  }
  if ((given['workflows'] ?? given['steps'] ?? given['stepsOver']) === undefined) {
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

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
