import { decode, encode } from '../../core/codec.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { terminalStatuses } from '../../core/records.ts';
import type { KeyResumeRequest, ResumeRequest, StartRequest } from '../../core/host.ts';
import type { StoredRun } from '../../runtime/index.ts';
import type { CommitWrite, RunStore } from '../../ports/index.ts';
import type { Callers } from './callers.ts';
import type { Random } from './random.ts';
import { type Plan, type Scenario, startedWorkflow } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { SuspendedStep, Watch } from './watch.ts';

/** What a resume can be refused with when others resume, cancel and travel, too. */
const resumeRefusals: readonly ErrorCode[] = [
  'WORKFLOW_RUN_NOT_SUSPENDED',
  'WORKFLOW_RESUME_ALREADY_CLAIMED',
  'WORKFLOW_RUN_ALREADY_FINISHED',
  'WORKFLOW_RESUME_AMBIGUOUS',
  'WORKFLOW_RESUME_LABEL_NOT_FOUND',
  'WORKFLOW_RESUME_KEY_NOT_FOUND',
  'WORKFLOW_RUN_NOT_FOUND',
];

interface Setting {
  readonly scenario: Scenario;
  readonly plan: Plan;
  readonly runId: string;
  /** Runs that are started beside it. */
  readonly beside: readonly string[];
  readonly callers: Callers;
  readonly watch: Watch;
  readonly scheduler: Pick<Scheduler, 'calm'>;
  readonly random: Random;
}

/** What the callers of a simulation ask for. */
export class Requests {
  canceled = false;
  /** Runs beside it whose cancel was answered. */
  readonly canceledBeside = new Set<string>();
  /** Inputs of the starts that were accepted. */
  readonly startedWith = new Set<unknown>();
  readonly #setting: Setting;
  /** Suspensions that somebody was sent for, by run, place and turn. */
  readonly #answered = new Set<string>();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** Sends everybody who calls at a time of their own. */
  begin(): void {
    const { plan, scenario, runId, callers } = this.#setting;
    const { workflowId, inputData, initialState, requestContext } = scenario;
    const request = {
      workflowId,
      runId,
      inputData,
      ...(initialState === undefined ? {} : { initialState }),
      ...(requestContext === undefined ? {} : { requestContext }),
    };
    const isAlone = startedWorkflow(scenario).concurrency === undefined;
    const mayRival = isAlone && plan.travelAt === undefined && 'rivalInput' in scenario;
    const isRivaled = plan.starters > 1 && mayRival;
    for (let count = 0; count < plan.starters; count += 1) this.#start(request, isRivaled);
    if (isRivaled) this.#start({ ...request, inputData: scenario.rivalInput }, true);
    for (const besideId of this.#setting.beside) this.#startBeside({ ...request, runId: besideId });
    const { cancelAt, restartAt, travelAt } = plan;
    if (cancelAt !== undefined) this.#cancel(cancelAt);
    if (restartAt !== undefined) {
      callers.add({
        name: 'restart',
        fromDecision: restartAt,
        refusals: ['WORKFLOW_RUN_NOT_ACTIVE', 'WORKFLOW_RUN_NOT_FOUND', ...this.#parks()],
        perform: (runtime) => runtime.restart({ runId }),
      });
    }
    if (travelAt !== undefined && scenario.repeatable === true) {
      for (let count = 0; count < plan.travelers; count += 1) this.#travel(travelAt);
    }
  }

  /** Where others start the run with another input, one of the inputs is accepted, whoever asks with it. */
  #start(request: StartRequest, isRivaled: boolean): void {
    const { callers } = this.#setting;
    callers.add({
      name: 'start',
      fromDecision: 0,
      refusals: isRivaled ? ['WORKFLOW_RUN_CONFLICT'] : [],
      // Where no place is free: whoever wants this very run asks again.
      refusedForNow: ['WORKFLOW_CONCURRENCY_LIMIT'],
      perform: (runtime) => runtime.start(request),
      onAnswer: (answer) => {
        if ((answer as StoredRun).runId !== request.runId) return 'again';
        this.startedWith.add(request.inputData);
        return undefined;
      },
    });
  }

  /** Starts a run of the same workflow and key: it waits for its place, is refused, or is another one, as the workflow says. */
  #startBeside(request: StartRequest & { readonly runId: string }): void {
    const { callers, random } = this.#setting;
    const { runId } = request;
    callers.add({
      name: 'start beside',
      fromDecision: random.below(random.pick([1, 60])),
      refusals: ['WORKFLOW_CONCURRENCY_LIMIT'],
      perform: (runtime) => runtime.start(request),
    });
    if (!random.chance(0.25)) return;
    callers.add({
      name: 'cancel beside',
      fromDecision: random.below(200),
      refusals: ['WORKFLOW_RUN_NOT_FOUND', 'WORKFLOW_RUN_ALREADY_FINISHED'],
      perform: (runtime) => runtime.cancel({ runId }),
      onAnswer: () => {
        this.canceledBeside.add(runId);
        return undefined;
      },
    });
  }

  /** A run that is parked can neither be resumed nor restarted. */
  #parks(): readonly ErrorCode[] {
    return this.#setting.scenario.otherWorkflows === undefined ? [] : ['WORKFLOW_RUN_PARKED'];
  }

  #cancel(fromDecision: number): void {
    const { callers, runId } = this.#setting;
    callers.add({
      name: 'cancel',
      fromDecision,
      refusals: ['WORKFLOW_RUN_NOT_FOUND', 'WORKFLOW_RUN_ALREADY_FINISHED'],
      perform: (runtime) => runtime.cancel({ runId }),
      onAnswer: () => {
        this.canceled = true;
        const status = this.#setting.watch.root?.status;
        if (status !== 'canceled' && this.#setting.plan.travelAt === undefined)
          this.#setting.watch.violate(`a cancel was answered, and the run is ${status}`);
        return undefined;
      },
    });
  }

  #travel(fromDecision: number): void {
    const { callers, runId, random } = this.#setting;
    callers.add({
      name: 'travel',
      fromDecision,
      refusals: [
        'WORKFLOW_RUN_NOT_FOUND',
        'WORKFLOW_RUN_ACTIVE',
        'WORKFLOW_ARGUMENT_INVALID',
        'WORKFLOW_RUN_CONFLICT',
        'WORKFLOW_CONCURRENCY_LIMIT',
      ],
      // Once: a repeated call would be another time travel.
      once: true,
      perform: (runtime) => runtime.timeTravel({ runId, step: random.pick(this.#reached()) }),
    });
  }

  /** Steps at entries that have been reached: to travel further would leave out what failed or ended the run. */
  #reached(): string[] {
    const { scenario, watch, runId } = this.#setting;
    const { flow } = startedWorkflow(scenario);
    const goesOn = (entry: number): boolean => {
      const before = watch.record(runId, { entry });
      // A loop that goes on is not through, though its last iteration was.
      const isThrough = before?.status === 'success' && before.again !== true;
      return isThrough && before.bailed !== true && before.aborted !== true;
    };
    const reached = flow.filter((_, entry) => entry === 0 || goesOn(entry - 1));
    const ids = reached.flatMap((entry) => ('step' in entry ? entry.step.id : []));
    return ids.length === 0 ? ['none'] : ids;
  }

  /** A process is about to call its store. */
  aboutTo(method: keyof RunStore, write: Partial<CommitWrite>): void {
    const { plan, watch, random } = this.#setting;
    if (!plan.earlyResume || method !== 'commit' || write.outcome?.status !== 'suspended') return;
    const { runId = '', key, outcome } = write;
    const header = watch.headers.get(runId);
    const record = key === undefined ? undefined : watch.record(runId, key);
    if (header?.parent !== undefined || record === undefined || random.chance(0.5)) return;
    const items = record.key.item === undefined ? [] : [record.key.item];
    this.#resume({ runId, rootId: runId, path: [record.stepId], items, record: { ...record, ...outcome } });
  }

  /** Sends for the answers to the suspensions that are there, at times of their own. */
  look(): void {
    const { watch, random } = this.#setting;
    if (!this.#mayAnswer()) return;
    const suspended = watch.suspended();
    const open = suspended.filter((step) => !this.#answered.has(nameOf(step)));
    if (open.length === 0) return this.#askAgain(suspended);
    // While others run, a person is slow.
    if (watch.root?.status !== 'suspended' && !random.chance(0.05)) return;
    this.#answer(random.pick(open), open);
  }

  /**
   * Nothing rests while a run waits for a place, since it is swept, or its start is tried, for ever: so whoever was refused asks again
   * before that, or the run that has the place would wait for nobody.
   */
  #askAgain(open: readonly SuspendedStep[]): void {
    const { watch, random, scheduler, callers } = this.#setting;
    const isQueued = (watch.places?.waiting ?? []).some((runId) => watch.headers.has(runId));
    const isAwaited = isQueued || (watch.places !== undefined && callers.isOpen('start'));
    if (!isAwaited || !scheduler.calm || open.length === 0 || !random.chance(0.01)) return;
    this.#answer(random.pick(open), open);
  }

  #mayAnswer(): boolean {
    const { callers } = this.#setting;
    return !callers.isOpen('resume');
  }

  #answer(step: SuspendedStep, open: readonly SuspendedStep[]): void {
    this.#answered.add(nameOf(step));
    const { plan } = this.#setting;
    const count = plan.resumers;
    for (let number = 0; number < count; number += 1) this.#resume(step, open);
  }

  #resume(step: SuspendedStep, open: readonly SuspendedStep[] = [step]): void {
    const { callers, random } = this.#setting;
    const [key] = step.record.resumeKeys ?? [];
    const request =
      key !== undefined && random.chance(0.5) ? this.#keyRequestFor(step, key) : this.#requestFor(step, open);
    callers.add({
      name: 'resume',
      fromDecision: 0,
      refusals: [...resumeRefusals, ...this.#parks()],
      perform: (runtime) => ('key' in request ? runtime.resumeByKey(request) : runtime.resume(request)),
    });
  }

  /** By the key that it waits under; now and then as a request that can come again. */
  #keyRequestFor(step: SuspendedStep, key: string): KeyResumeRequest {
    const data = this.#dataOf(step);
    return {
      key,
      ...(data === undefined ? {} : { resumeData: data }),
      ...(this.#setting.random.chance(0.5) ? { requestKey: nameOf(step).slice(-200) } : {}),
    };
  }

  /** One of the ways to say which step is meant. */
  #requestFor(step: SuspendedStep, all: readonly SuspendedStep[]): ResumeRequest {
    const { random, plan } = this.#setting;
    const { rootId: runId } = step;
    const open = all.filter(({ rootId }) => rootId === runId);
    const data = this.#dataOf(step);
    const resumeData = data === undefined ? {} : { resumeData: data };
    const [label] = step.record.labels ?? [];
    const isOnlyLabel = open.every(
      (other) => other === step || !(other.record.labels ?? []).includes(label ?? ''),
    );
    if (label !== undefined && isOnlyLabel && random.chance(0.4)) return { runId, ...resumeData, label };
    // Whoever names no step may mean another one when the call is made again, or when somebody traveled in time meanwhile.
    const isSure =
      plan.resumers === 1 &&
      !plan.earlyResume &&
      plan.travelAt === undefined &&
      Object.keys(plan.rates).length === 0;
    if (isSure && open.length === 1 && random.chance(0.3)) return { runId, ...resumeData };
    const [item] = step.items;
    const same = open.filter((other) => other.path.join('.') === step.path.join('.'));
    const alike = same.every((other) => encode(this.#dataOf(other)) === encode(data));
    if (step.items.length < 2 || same.length === 1) {
      const index = item === undefined || (alike && random.chance(0.3)) ? {} : { forEachIndex: item };
      const path = random.chance(0.5) ? step.path : step.path.join('.');
      return { runId, ...resumeData, step: path, ...index };
    }
    // Items of items have no name of their own in the outermost run: the nested run is a run, too.
    const { item: own } = step.record.key;
    const index = own === undefined ? {} : { forEachIndex: own };
    return { runId: step.runId, ...resumeData, step: step.record.stepId, ...index };
  }

  #dataOf({ path, record }: SuspendedStep): unknown {
    const { resume } = this.#setting.scenario;
    const stored = record.suspendPayload;
    const payload = stored !== undefined && 'inline' in stored ? decode(stored.inline) : undefined;
    return resume?.({ path, payload });
  }

  /** What was planned for a later decision is done now. False when nothing was. */
  hurry(): boolean {
    return this.#setting.callers.hurry();
  }

  /** Nothing moves, and nothing goes wrong any more: whoever was refused asks again. False when there is nothing to ask for. */
  goOn(): boolean {
    const { watch } = this.#setting;
    const { roots } = watch;
    if (roots.every(({ status }) => terminalStatuses.has(status))) return false;
    const open = watch.suspended();
    const [first] = open;
    if (first === undefined || !this.#mayAnswer() || this.#asked > 400) return false;
    this.#asked += 1;
    const status = watch.headers.get(first.rootId)?.status;
    if (status !== 'suspended')
      watch.violate(`nothing moves, a step waits for a person, and the run shows that it is ${status}`);
    this.#answer(this.#setting.random.pick(open), open);
    return true;
  }

  #asked = 0;
}

function nameOf({ runId, record }: SuspendedStep): string {
  return `${runId}/${record.key.entry}/${record.key.arm ?? ''}/${record.key.item ?? ''}/${record.turn}`;
}
