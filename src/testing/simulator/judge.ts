import { compareWithInterpreter, interpret, type InterpretedRun } from '../interpreter/index.ts';
import { type Scenario, type SeedOutcome, startedWorkflow } from './scenario.ts';
import { settlementOrders } from './settlements.ts';

/** What is not compared between a run and its interpretation, beside what the interpreter itself calls open. */
export const notCompared = {
  canceled:
    'A run that somebody canceled: how far it came depends on when. That it is canceled, and stays so, is checked.',
  crashed:
    'A run in which a step failed because its worker died in it more often than it may: no in-process runtime has that. That the run comes to rest is checked.',
  'timed out':
    'A run in which a step, or a run, was stopped at its `timeoutMs`: whether it is over by then depends on when its process stands still. That the run comes to rest is checked.',
  'suspensions of nested workflows':
    'When somebody resumed a step before the run as a whole was suspended, or an event came late: the entries of the nested workflows around it may never have shown its suspension, or what it was resumed with.',
  'what state leaves open':
    'A run in which it is open what members of a block have changed, see below: what comes after may look at it.',
  times: 'Times, and the path of execution: they depend on the schedule.',
  'state after a time travel':
    'The steps that are executed again find what they had set already, and what a nested run sets to the value that is there is no change.',
  'executions of a run that was restarted or has traveled in time':
    'Which bodies are executed again depends on when. That no turn is executed twice without a takeover is checked.',
} as const;

/**
 * What is wrong with a seed, in words: what was seen on the way, and where it ended otherwise than its interpretation. Where there are
 * two versions of the workflows, each run has to have ended as one of them says.
 */
export async function judge(scenario: Scenario, outcome: SeedOutcome): Promise<string[]> {
  const problems = await byEither(scenario, outcome, judgeBy);
  const { violations, traveled, watch } = outcome;
  // The steps of the time before a travel are those of either version.
  const isExcused = traveled > 0 && scenario.otherWorkflows !== undefined && violations.length === 0;
  if (problems.length > 0 && !isExcused) return problems;
  if (watch.gaveUp || isTimed(outcome)) return [];
  const beside = outcome.beside.map((_, index) =>
    byEither(scenario, outcome, (as, seen) => judgeBeside(as, seen, index)),
  );
  return (await Promise.all(beside)).flat();
}

type Judgement = (scenario: Scenario, outcome: SeedOutcome) => Promise<string[]>;

/** What is wrong by the one version, and by the other, when neither agrees. */
async function byEither(scenario: Scenario, outcome: SeedOutcome, judgement: Judgement): Promise<string[]> {
  const problems = await judgement(scenario, outcome);
  const { otherWorkflows, ...rest } = scenario;
  const { violations, other } = outcome;
  if (problems.length === 0 || violations.length > 0 || otherWorkflows === undefined) return problems;
  const otherwise = await judgement({ ...rest, workflows: otherWorkflows }, { ...outcome, ...other });
  return otherwise.length === 0
    ? []
    : [...problems, ...otherwise.map((problem) => `other version: ${problem}`)];
}

/** Whether a time limit struck: the interpretation knows no time, and a body that never ends would never end there. */
function isTimed({ guards, watch }: SeedOutcome): boolean {
  return (guards.get('step.timed-out') ?? 0) > 0 || watch.timedOut;
}

async function judgeBy(scenario: Scenario, outcome: SeedOutcome): Promise<string[]> {
  const { violations, result, canceled, plan } = outcome;
  if (violations.length > 0 || result === undefined) return [...violations];
  if (canceled && result.status === 'canceled') return [];
  if (canceled && outcome.traveled === 0) return [`a cancel was answered, and the run is ${result.status}`];
  if (isTimed(outcome)) return [];
  const interpreted = await interpretationOf(scenario, outcome, result.runId);
  if (outcome.watch.gaveUp) return [];
  if (interpreted.open.some(({ what }) => what === 'run' || what === 'state')) return [];
  const isHasty = outcome.watch.resumedEarly || outcome.faults.size > 0;
  const differences = compareWithInterpreter(result, interpreted).filter(
    (difference) =>
      !(isHasty && isOfSuspension.test(difference)) &&
      !(outcome.traveled > 0 && difference.startsWith('state is')),
  );
  if (differences.length > 0) return differences;
  // Bodies are counted by their steps, whichever run executes them.
  const isAlone = startedWorkflow(scenario).concurrency === undefined;
  if (plan.restartAt !== undefined || outcome.traveled > 0 || !isAlone) return [];
  return [...executionDifferences(outcome, interpreted), ...planDifferences(outcome, interpreted)];
}

async function interpretationOf(
  scenario: Scenario,
  { inputData, watch, traveled }: SeedOutcome,
  runId: string,
): Promise<InterpretedRun> {
  const workflow = startedWorkflow(scenario);
  return interpret(workflow, {
    inputData,
    ...(scenario.initialState === undefined ? {} : { initialState: scenario.initialState }),
    ...(scenario.requestContext === undefined ? {} : { requestContext: scenario.requestContext }),
    resume: (suspension) => scenario.resume?.(suspension),
    settlementOrder: settlementOrders(watch, {
      runId,
      workflow,
      hasTraveled: traveled > 0 && runId === watch.root?.runId,
    }),
  });
}

/** Where a run beside it ended otherwise than as if it had been alone. */
async function judgeBeside(scenario: Scenario, outcome: SeedOutcome, index: number): Promise<string[]> {
  const result = outcome.beside[index];
  if (result === undefined) return [];
  const interpreted = await interpretationOf(scenario, outcome, result.runId);
  if (interpreted.open.some(({ what }) => what === 'run' || what === 'state')) return [];
  return compareWithInterpreter(result, interpreted)
    .filter((difference) => !isOfSuspension.test(difference))
    .map((difference) => `${result.runId}: ${difference}`);
}

const isOfSuspension = /^(?:suspendPayload|suspendOutput|resumePayload) of /u;

/** Every body was executed in each of its turns: once where nothing went wrong, and no more turns than it has. */
function executionDifferences(
  { executions, faults, plan, watch }: SeedOutcome,
  interpreted: InterpretedRun,
): string[] {
  const idle = stepsBehindEnds(watch);
  const actual = new Map<string, number>();
  const add = (counts: Map<string, number>, name: string, times: number): void =>
    void counts.set(name, (counts.get(name) ?? 0) + times);
  for (const { stepId, generation, attempt, times } of executions.values())
    if (!idle.has(stepId))
      add(
        actual,
        `${stepId} ${generation}.${attempt}`,
        faults.size === 0 && plan.pace.tickMs <= 1 ? times : 1,
      );
  const certain = new Map<string, number>();
  const most = new Map<string, number>();
  for (const { stepId, generation, attempt, times, isOpen } of interpreted.executions) {
    const name = `${stepId} ${generation}.${attempt}`;
    add(most, name, times);
    if (!isOpen) add(certain, name, times);
  }
  return [...new Set([...actual.keys(), ...most.keys()])].flatMap((name) => {
    const count = actual.get(name) ?? 0;
    const [low, high] = [certain.get(name) ?? 0, most.get(name) ?? 0];
    return count >= low && count <= high
      ? []
      : [`body ${name} was executed ${count} times, not ${low} to ${high}`];
  });
}

/** Steps that another version of the code has begun behind the entry which ended the run by then: nothing comes of them. */
function stepsBehindEnds({ headers, records }: SeedOutcome['watch']): ReadonlySet<string> {
  const behind = [...records].filter(([name, { key }]) => {
    const { endedBy = -1 } = headers.get(name.slice(0, name.lastIndexOf('/'))) ?? {};
    return endedBy >= 0 && key.entry > endedBy;
  });
  return new Set(behind.map(([, { stepId }]) => stepId));
}

/** Without faults the number of writes and events is the planned one. */
function planDifferences(outcome: SeedOutcome, interpreted: InterpretedRun): string[] {
  const { faults, watch, events, executions, plan } = outcome;
  if (
    faults.size > 0 ||
    plan.pace.tickMs > 1 ||
    interpreted.open.length > 0 ||
    plan.earlyResume ||
    plan.starters > 1
  )
    return [];
  const bodies = [...executions.values()].reduce((sum, { times }) => sum + times, 0);
  const won = (method: string): number => watch.won.get(method) ?? 0;
  const epochs = [...watch.headers.values()].reduce((sum, { epoch }) => sum + epoch, 0);
  const again = events.filter((id, index) => events.indexOf(id) !== index);
  const rules: [string, number, number][] = [
    ['every outcome of a claim is stored', won('commit'), won('claim')],
    // A claim executes none when the input is refused.
    ['no body is executed without a claim', Math.max(0, bodies - won('claim')), 0],
    ['no claim is taken over', won('takeOver'), 0],
    ['as many nested runs are begun as places wait for one', won('startChild'), won('nest')],
    ['as many sleeps end as begin', won('wake'), won('sleep')],
    ['a run is started once', won('startRun'), 1],
    ['every epoch of a run ends once', won('finish') + won('cancel'), epochs],
    // Two may follow the end of a nested run at once: whoever ended it, and whoever handles the event of its end. So may two
    // who resume a step, and who suspended it.
    ['no event is published twice', won('nest') + won('resume') > 0 ? 0 : again.length, 0],
  ];
  return rules.flatMap(([rule, count, planned]) =>
    count === planned ? [] : [`${rule}: ${count}, not ${planned}${again.length > 0 ? ` (${again[0]})` : ''}`],
  );
}
