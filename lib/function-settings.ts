import { Duration } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { defaults, environment as variables } from '../src/adapters/aws/config.ts';
import { durationWithin, invalid, within } from './bounds.ts';
import type {
  LongStepsProps,
  StepFunctionProps,
  WorkflowFunctionProps,
  WorkflowRuntimeProps,
} from './props.ts';

/** How a function that executes steps is set. */
export interface StepFunctionSettings {
  readonly memorySize: number;
  readonly timeout: Duration;
  readonly maximumConcurrency: number;
  readonly batchSize: number;
  readonly initialPolicy: readonly PolicyStatement[];
  readonly environment: Readonly<Record<string, string>>;
}

/** A function for some of the work, and which. */
export interface LaneSettings extends StepFunctionSettings {
  /** Unique in a deployment; it is in the events. */
  readonly name: string;
  readonly workflows: readonly string[];
  readonly steps: readonly string[];
  /** ms; undefined: none because of their time. */
  readonly stepsOver: number | undefined;
}

/** Name of the lane of {@link LongStepsProps}. */
export const LONG_STEPS = 'long-steps';

/** A step has to end this long before its function, so that its outcome can be stored; two seconds are left for the step. */
const LEAST_TIMEOUT = defaults.stepMarginSeconds + 2;

/** Longest that Lambda lets a function run (Lambda quotas), in seconds. */
const LONGEST_TIMEOUT = 900;

/** Names that a deployment's own environment may not use. */
const reservedNames: ReadonlySet<string> = new Set(Object.values(variables));

const NAME = /^[A-Za-z0-9-]{1,40}$/;
const STEP = /^[^/]+\/./;

/** Checks the props and fills in the defaults. Throws `WorkflowRuntimeError`, which names a prop with `prefix` before it. */
export function stepFunctionSettingsOf(props: StepFunctionProps, prefix = ''): StepFunctionSettings {
  return {
    memorySize: within(`${prefix}memorySize`, props.memorySize ?? 512, 128, 10_240, 'MiB'),
    timeout: durationWithin(
      `${prefix}timeout`,
      props.timeout ?? Duration.seconds(defaults.functionTimeoutSeconds),
      LEAST_TIMEOUT,
      LONGEST_TIMEOUT,
    ),
    maximumConcurrency: within(
      `${prefix}maximumConcurrency`,
      props.maximumConcurrency ?? 100,
      2,
      1_000,
      'invocations',
    ),
    batchSize: within(`${prefix}batchSize`, props.batchSize ?? 1, 1, 10, 'events'),
    initialPolicy: props.initialPolicy ?? [],
    environment: environmentOf(`${prefix}environment`, props.environment ?? {}),
  };
}

/** The functions for some of the work: those of the props, and the one for long steps. */
export function laneSettingsOf(
  { longSteps, functions = {} }: WorkflowRuntimeProps,
  common: StepFunctionSettings,
): readonly LaneSettings[] {
  const named = Object.entries(functions).map(([name, props]) => namedLane(name, props, common));
  refuseTwice(named, 'workflows');
  refuseTwice(named, 'steps');
  const long = longLane(longSteps, common);
  if (long !== undefined && named.some(({ name }) => name === LONG_STEPS)) {
    throw invalid(`functions.${LONG_STEPS}`, 'the function of longSteps has this name; choose another');
  }
  return long === undefined ? named : [...named, long];
}

function namedLane(name: string, props: WorkflowFunctionProps, common: StepFunctionSettings): LaneSettings {
  const path = `functions.${name}`;
  if (!NAME.test(name)) {
    throw invalid(path, 'its name is not 1 to 40 characters of A-Z, a-z, 0-9 and hyphens; write one that is');
  }
  const { workflows = [], steps = [] } = props;
  if (workflows.length === 0 && steps.length === 0) {
    throw invalid(
      path,
      'nothing would run in it; write workflows: [ids] or steps: ["<workflow id>/<step id>"]',
    );
  }
  if (workflows.includes('')) throw invalid(`${path}.workflows`, 'one is empty; write ids of workflows');
  const wrong = steps.find((step) => !STEP.test(step));
  if (wrong !== undefined) {
    throw invalid(`${path}.steps`, `one is ${JSON.stringify(wrong)}; write "<workflow id>/<step id>"`);
  }
  const { initialPolicy: _of, environment, ...inherited } = common;
  const own = stepFunctionSettingsOf({ ...inherited, ...props }, `${path}.`);
  return {
    ...own,
    name,
    environment: { ...environment, ...own.environment },
    workflows,
    steps,
    stepsOver: undefined,
  };
}

function longLane(
  props: LongStepsProps | false | undefined,
  common: StepFunctionSettings,
): LaneSettings | undefined {
  const { timeout: longest } = common;
  const isLongest = !longest.isUnresolved() && longest.toSeconds() === LONGEST_TIMEOUT;
  if (props === false || (props === undefined && isLongest)) return undefined;
  const own = stepFunctionSettingsOf(
    { ...common, timeout: Duration.seconds(LONGEST_TIMEOUT), ...props },
    'longSteps.',
  );
  if (own.timeout.toSeconds() <= longest.toSeconds()) {
    throw invalid(
      'longSteps.timeout',
      `it is ${own.timeout.toSeconds()} s, and timeout ${longest.toSeconds()} s; write more, or longSteps: false`,
    );
  }
  return {
    ...own,
    name: LONG_STEPS,
    // A long step would hold up the others of its batch, and a killed worker would repeat them all.
    batchSize: 1,
    workflows: [],
    steps: [],
    stepsOver: (longest.toSeconds() - defaults.stepMarginSeconds) * 1_000,
  };
}

function refuseTwice(lanes: readonly LaneSettings[], what: 'workflows' | 'steps'): void {
  const taken = new Map<string, string>();
  for (const lane of lanes) {
    for (const id of lane[what]) {
      const other = taken.get(id);
      if (other !== undefined) {
        throw invalid(
          `functions.${lane.name}.${what}`,
          `${id} is ${other === lane.name ? 'in it twice' : `in functions.${other} too`}; write it once`,
        );
      }
      taken.set(id, lane.name);
    }
  }
}

function environmentOf(
  path: string,
  environment: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const taken = Object.keys(environment).filter((name) => reservedNames.has(name));
  if (taken.length > 0)
    throw invalid(path, `${taken.join(', ')} belongs to the runtime; choose another name`);
  return environment;
}
