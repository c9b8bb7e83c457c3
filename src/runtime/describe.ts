import type { AnySchema, ScheduleDefinition, WorkflowDefinition } from '../core/definition.ts';
import { timezoneOf } from '../core/schedule.ts';
import type { ScheduleDescription, WorkflowDescription } from './api.ts';
import { stepsOf } from './registry.ts';

/** The part of Standard JSON Schema (standardschema.dev/json-schema) that is used here. */
interface JsonSchemaSource {
  input(options: { readonly target: string }): unknown;
}

/**
 * JSON Schema (draft 2020-12) of what a schema accepts. Undefined when the schema library cannot tell, or when the schema
 * has a part that JSON Schema cannot say (a transform, a function): a description is no reason to fail.
 */
function jsonSchemaOf(schema: AnySchema | undefined): unknown {
  if (schema === undefined) return undefined;
  const standard = schema['~standard'] as { readonly jsonSchema?: JsonSchemaSource };
  if (typeof standard.jsonSchema?.input !== 'function') return undefined;
  try {
    return standard.jsonSchema.input({ target: 'draft-2020-12' });
  } catch {
    return undefined;
  }
}

function schemaField(name: string, schema: AnySchema | undefined): Record<string, unknown> {
  const json = jsonSchemaOf(schema);
  return json === undefined ? {} : { [name]: json };
}

function describeSchedule(schedule: ScheduleDefinition): ScheduleDescription {
  const { id, cron, metadata } = schedule;
  return {
    ...(id === undefined ? {} : { id }),
    cron,
    timezone: timezoneOf(schedule),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** What can be known about a workflow without running it. */
export function describeWorkflow(definition: WorkflowDefinition): WorkflowDescription {
  const { schedules = [] } = definition;
  const steps = definition.flow.flatMap(stepsOf);
  const resumable = steps.flatMap((step) => {
    const schema = jsonSchemaOf(step.resumeSchema);
    return schema === undefined ? [] : [[step.id, schema] as const];
  });
  return {
    id: definition.id,
    ...(definition.description === undefined ? {} : { description: definition.description }),
    graph: definition.graph,
    ...schemaField('inputSchema', definition.inputSchema),
    ...schemaField('outputSchema', definition.outputSchema),
    ...schemaField('stateSchema', definition.stateSchema),
    ...(schedules.length === 0 ? {} : { schedules: schedules.map(describeSchedule) }),
    resumeSchemas: Object.fromEntries(resumable),
  };
}
