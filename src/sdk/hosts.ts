import type { WorkflowDefinition } from '../core/definition.ts';
import { WorkflowError } from '../core/errors.ts';
import type { WorkflowHost } from '../core/host.ts';

/** Makes the private runtime of a workflow that belongs to none. */
export type PrivateHost = (workflow: WorkflowDefinition) => Promise<WorkflowHost>;

/**
 * The runtimes that serve one workflow. Of several open ones the last that was created is used: a program that makes a
 * runtime of its own means that one, whatever a library or the private one did before. When all of them have been closed,
 * none is made instead: runs of a file would silently go on in memory.
 */
export class Hosts {
  private readonly workflow: WorkflowDefinition;
  private readonly privateHost: PrivateHost;
  private readonly open: WorkflowHost[] = [];
  private wasBound = false;
  private own: Promise<WorkflowHost> | undefined;

  constructor(workflow: WorkflowDefinition, privateHost: PrivateHost) {
    this.workflow = workflow;
    this.privateHost = privateHost;
  }

  /** Adds a runtime; the result takes it away again. */
  bind(host: WorkflowHost): () => void {
    this.wasBound = true;
    this.open.push(host);
    return () => {
      const place = this.open.indexOf(host);
      if (place >= 0) this.open.splice(place, 1);
    };
  }

  /** The runtime to use. */
  async current(): Promise<WorkflowHost> {
    const bound = this.open.at(-1);
    if (bound !== undefined) return bound;
    if (this.own === undefined && this.wasBound) {
      throw new WorkflowError(
        'WORKFLOW_RUNTIME_CLOSED',
        `Every runtime of workflow "${this.workflow.id}" has been closed: create another one with this workflow`,
        { details: { workflowId: this.workflow.id } },
      );
    }
    this.own ??= this.privateHost(this.workflow);
    try {
      return await this.own;
    } catch (error) {
      // A later call may have more luck; this one has none.
      this.own = undefined;
      throw error;
    }
  }
}
