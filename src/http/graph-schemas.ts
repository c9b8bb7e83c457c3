import * as z from 'zod';
import type { Graph } from '../core/graph.ts';
import type { SerializedGraph } from '../core/serialized-graph.ts';
import type { Wire } from './wire.ts';

/** Schemas of the two forms of a graph: that of a workflow's description, and that of a stored run. */

const shown = {
  description: z.string().exactOptional(),
  metadata: z.record(z.string(), z.unknown()).exactOptional().describe('What its author says about it.'),
};
const titled = { id: z.string().exactOptional(), ...shown };

const component = z
  .enum(['AGENT', 'TOOL', 'WORKFLOW'])
  .exactOptional()
  .describe('What it was made of, when it is not from parameters.');
const loopType = z.enum(['dowhile', 'dountil']);

/** Lazy, because graphs contain graphs. */
export const graph: z.ZodType<Wire<Graph>> = z
  .lazy(() => z.array(graphEntry))
  .describe('Entries of a workflow, in order. What is computed is shown by its source text.');

/** A step of a {@link graph}, by itself or inside a block. */
export const graphStep = z
  .strictObject({
    id: z.string(),
    canSuspend: z.boolean().describe('Whether it, or anything nested in it, can suspend.'),
    nested: z
      .strictObject({ workflowId: z.string(), graph })
      .exactOptional()
      .describe('The workflow that it stands for.'),
    component,
    executes: z.string().exactOptional().describe('Id of the agent or tool that was added as a step.'),
    ...shown,
  })
  .describe('A step, by itself or inside a block.');

const graphEntry = z.discriminatedUnion('type', [
  graphStep.extend({ type: z.literal('step') }),
  z.strictObject({ type: z.literal('mapping'), id: z.string(), mapConfig: z.string(), ...shown }),
  z.strictObject({ type: z.literal('parallel'), arms: z.array(graphStep), ...titled }),
  z.strictObject({
    type: z.literal('conditional'),
    arms: z.array(graphStep),
    conditions: z.array(z.string()),
    ...titled,
  }),
  z.strictObject({
    type: z.literal('loop'),
    loopType,
    step: graphStep,
    condition: z.string(),
    ...titled,
  }),
  z.strictObject({ type: z.literal('foreach'), step: graphStep, concurrency: z.string(), ...titled }),
  z.strictObject({
    type: z.enum(['sleep', 'sleepUntil']),
    id: z.string(),
    time: z.string().describe('Milliseconds, an ISO 8601 date, or the source of the function that gives it.'),
    ...shown,
  }),
]);

/** Lazy, because graphs contain graphs. */
export const serializedGraph: z.ZodType<Wire<SerializedGraph>> = z
  .lazy(() => z.array(z.discriminatedUnion('type', [...serializedSingles, ...serializedOthers])))
  .describe('Entries of a stored run, in order. What is computed is shown by its source text, as `fn`.');

/** A step of a {@link serializedGraph}. */
export const serializedStep = z.strictObject({
  id: z.string(),
  canSuspend: z.boolean(),
  component,
  serializedStepFlow: serializedGraph.exactOptional(),
  ...shown,
});

const serializedSingles = [
  z.strictObject({ type: z.literal('step'), step: serializedStep }),
  z.strictObject({ type: z.literal('agent'), id: z.string(), agentId: z.string(), ...shown }),
  z.strictObject({ type: z.literal('tool'), id: z.string(), toolId: z.string(), ...shown }),
  z.strictObject({
    type: z.literal('workflow'),
    id: z.string(),
    workflowId: z.string(),
    serializedStepFlow: serializedGraph,
    ...shown,
  }),
] as const;

/** A step by itself, or as an arm of a block. */
export const serializedSingle = z.discriminatedUnion('type', serializedSingles);

const condition = z.strictObject({ id: z.string(), fn: z.string() });
const fn = z.string().exactOptional();

const serializedOthers = [
  z.strictObject({ type: z.literal('mapping'), id: z.string(), mapConfig: z.string(), ...shown }),
  z.strictObject({ type: z.literal('parallel'), steps: z.array(serializedSingle), ...titled }),
  z.strictObject({
    type: z.literal('conditional'),
    steps: z.array(serializedSingle),
    serializedConditions: z.array(condition),
    predicates: z
      .array(z.unknown())
      .exactOptional()
      .describe('Conditions that are data, in the order of the arms; null for one that is a function.'),
    ...titled,
  }),
  z.strictObject({
    type: z.literal('loop'),
    loopType,
    step: serializedStep,
    serializedCondition: condition,
    predicate: z.unknown().exactOptional().describe('The condition, when it is data.'),
    ...titled,
  }),
  z.strictObject({
    type: z.literal('foreach'),
    step: serializedStep,
    opts: z.strictObject({ concurrency: z.number().exactOptional(), fn }),
    ...titled,
  }),
  z.strictObject({
    type: z.literal('sleep'),
    id: z.string(),
    duration: z.number().exactOptional().describe('ms'),
    fn,
    ...shown,
  }),
  z.strictObject({
    type: z.literal('sleepUntil'),
    id: z.string(),
    date: z.string().exactOptional(),
    fn,
    ...shown,
  }),
] as const;
