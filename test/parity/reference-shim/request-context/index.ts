/** The reference has its request context behind a door of its own. */
export { RequestContext } from '../../../../src/index.ts';
