import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';

/** What a route gives access to; see the grants of `IWorkflowRuntime`. */
export type Access = 'start' | 'resume' | 'cancel' | 'restart' | 'delete' | 'read';

/** A route of the API. */
export interface RouteDefinition {
  readonly method: HttpMethod;
  readonly path: string;
  /** Any of these is enough. */
  readonly access: readonly Access[];
}

/** The routes of the HTTP app, as API Gateway writes them. A test compares them with the app's own. */
export const routes: readonly RouteDefinition[] = [
  { method: HttpMethod.GET, path: '/health', access: ['read'] },
  { method: HttpMethod.GET, path: '/openapi.json', access: ['read'] },
  { method: HttpMethod.GET, path: '/docs', access: ['read'] },
  { method: HttpMethod.GET, path: '/workflows', access: ['read'] },
  { method: HttpMethod.GET, path: '/workflows/{workflowId}', access: ['read'] },
  { method: HttpMethod.POST, path: '/workflows/{workflowId}/runs', access: ['start'] },
  { method: HttpMethod.GET, path: '/runs', access: ['read'] },
  { method: HttpMethod.GET, path: '/runs/{runId}', access: ['read'] },
  { method: HttpMethod.DELETE, path: '/runs/{runId}', access: ['delete'] },
  { method: HttpMethod.POST, path: '/runs/{runId}/resume', access: ['resume'] },
  { method: HttpMethod.POST, path: '/runs/{runId}/cancel', access: ['cancel'] },
  { method: HttpMethod.POST, path: '/runs/{runId}/time-travel', access: ['restart'] },
  { method: HttpMethod.POST, path: '/runs/{runId}/restart', access: ['restart'] },
  { method: HttpMethod.POST, path: '/resume', access: ['resume'] },
  { method: HttpMethod.GET, path: '/runs/{runId}/result', access: ['read'] },
  { method: HttpMethod.GET, path: '/runs/{runId}/events', access: ['read'] },
  { method: HttpMethod.GET, path: '/runs/{runId}/history', access: ['read'] },
  { method: HttpMethod.GET, path: '/runs/{runId}/value', access: ['read'] },
  { method: HttpMethod.GET, path: '/runs/{runId}/value/link', access: ['read'] },
  { method: HttpMethod.PUT, path: '/runs/{runId}/values/{sha256}', access: ['start', 'resume', 'restart'] },
  {
    method: HttpMethod.POST,
    path: '/runs/{runId}/values/{sha256}/link',
    access: ['start', 'resume', 'restart'],
  },
];
