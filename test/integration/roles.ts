import type { Access } from '../../lib/routes.ts';

/** The grants of a deployment, by what they give access to. */
export const grants = {
  start: 'grantStart',
  resume: 'grantResume',
  cancel: 'grantCancel',
  restart: 'grantRestart',
  delete: 'grantDelete',
  read: 'grantRead',
} as const satisfies Record<Access, string>;

export const grantNames = Object.values(grants);

/** Which output of the stack is the ARN of a role. */
export function roleOutput(name: string): string {
  return `Role${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
