import { createWorkflow, type WorkflowSchedule } from 'evented-workflows';
import { z } from 'zod';

const inputSchema = z.object({ day: z.date(), pages: z.number().default(1) });
const stateSchema = z.object({ seen: z.number() });
const requestContextSchema = z.object({ tenant: z.string() });
const types = {
  id: 'report',
  inputSchema,
  outputSchema: z.string(),
  stateSchema,
  requestContextSchema,
} as const;

// What a schedule starts runs with is what `start` takes.
createWorkflow({
  ...types,
  schedule: {
    cron: '0 6 * * *',
    timezone: 'Europe/Berlin',
    inputData: { day: new Date(0) },
    initialState: { seen: 1 },
    requestContext: { tenant: 'a' },
  },
});
// @ts-expect-error the input is missing
createWorkflow({ ...types, schedule: { cron: '0 6 * * *' } });
// @ts-expect-error the input is another
createWorkflow({ ...types, schedule: { cron: '0 6 * * *', inputData: { day: 1 } } });
createWorkflow({
  ...types,
  // @ts-expect-error the state is another
  schedule: { cron: '0 6 * * *', inputData: { day: new Date(0) }, initialState: { seen: '' } },
});
createWorkflow({
  ...types,
  // @ts-expect-error the request context is another
  schedule: { cron: '0 6 * * *', inputData: { day: new Date(0) }, requestContext: { tenant: 1 } },
});
createWorkflow({
  ...types,
  // @ts-expect-error an entry of an array needs an id
  schedule: [{ cron: '0 6 * * *', inputData: { day: new Date(0) } }],
});

// Without an input that is needed, none is.
const free = { id: 'free', inputSchema: z.object({}).optional(), outputSchema: z.string() } as const;
createWorkflow({ ...free, schedule: { cron: '@daily' } });
createWorkflow({
  ...free,
  schedule: [{ id: 'a', cron: '@daily', catchUp: 'none', owner: 'ops', metadata: { a: 1 } }],
});
// @ts-expect-error the cron is missing
createWorkflow({ ...free, schedule: { timezone: 'UTC' } });

// Anything fits the schedule of a workflow of which nothing is known.
export const any: WorkflowSchedule = { cron: '@daily', inputData: 3, initialState: {}, requestContext: {} };
