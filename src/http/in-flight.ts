import { problem, problemResponse } from './problem.ts';

/** Default of the option `maxInFlight`. */
export const defaultMaxInFlight = 1_000;

/** Counts the requests that are under way in one server, and refuses those above its cap. */
export class InFlight {
  readonly #most: number;
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The answer of `work`, or the refusal. */
  async during(work: () => Promise<Response>): Promise<Response> {
    if (this.#count >= this.#most) {
      const detail = `The server has ${this.#most} requests under way and takes no more: come again in a moment`;
      const details = { limit: 'maxInFlight', allowed: this.#most };
      return problemResponse(problem('HTTP_TOO_MANY_REQUESTS', detail, details));
    }
    const leave = this.enter();
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Counts what goes on after its answer began, until the function that this returns is called. */
  enter(): () => void {
    this.#count += 1;
    let isIn = true;
    return () => {
      if (isIn) this.#count -= 1;
      isIn = false;
    };
  }
}
