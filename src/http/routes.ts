import { type Call, json } from './call.ts';
import {
  cancelRun,
  keepValue,
  linkValue,
  removeRun,
  restartRun,
  resumeByKey,
  resumeRun,
  startRun,
  travelRun,
} from './change-routes.ts';
import {
  describeWorkflow,
  getEvents,
  getHistory,
  getResult,
  getRun,
  getValue,
  getValueLink,
  listRuns,
  listWorkflows,
} from './read-routes.ts';

/** One route of the API. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path with `:name` for each segment that is an id. */
  readonly path: string;
  handle(call: Call): Response | Promise<Response>;
}

/** All routes. A HEAD is answered as the GET would be, without a body. */
export const httpRoutes: readonly Route[] = [
  { method: 'GET', path: '/health', handle: () => json({ status: 'ok' }) },
  { method: 'GET', path: '/openapi.json', handle: getOpenApi },
  { method: 'GET', path: '/docs', handle: getDocs },
  { method: 'GET', path: '/workflows', handle: listWorkflows },
  { method: 'GET', path: '/workflows/:workflowId', handle: describeWorkflow },
  { method: 'POST', path: '/workflows/:workflowId/runs', handle: startRun },
  { method: 'GET', path: '/runs', handle: listRuns },
  { method: 'GET', path: '/runs/:runId', handle: getRun },
  { method: 'DELETE', path: '/runs/:runId', handle: removeRun },
  { method: 'POST', path: '/runs/:runId/resume', handle: resumeRun },
  { method: 'POST', path: '/runs/:runId/cancel', handle: cancelRun },
  { method: 'POST', path: '/runs/:runId/time-travel', handle: travelRun },
  { method: 'POST', path: '/runs/:runId/restart', handle: restartRun },
  { method: 'POST', path: '/resume', handle: resumeByKey },
  { method: 'GET', path: '/runs/:runId/result', handle: getResult },
  { method: 'GET', path: '/runs/:runId/events', handle: getEvents },
  { method: 'GET', path: '/runs/:runId/history', handle: getHistory },
  { method: 'GET', path: '/runs/:runId/value', handle: getValue },
  { method: 'GET', path: '/runs/:runId/value/link', handle: getValueLink },
  { method: 'PUT', path: '/runs/:runId/values/:sha256', handle: keepValue },
  { method: 'POST', path: '/runs/:runId/values/:sha256/link', handle: linkValue },
];

// Imported when it is asked for: nothing else needs the document, and a function on AWS has to start fast.
async function getOpenApi({ basePath }: Call): Promise<Response> {
  return (await import('./openapi-routes.ts')).openApiJson(basePath);
}

async function getDocs({ basePath }: Call): Promise<Response> {
  return (await import('./openapi-routes.ts')).openApiHtml(basePath);
}
