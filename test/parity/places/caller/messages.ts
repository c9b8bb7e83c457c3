import { decode, encode } from '../../../../src/core/codec.ts';
import { isWorkflowError, WorkflowError } from '../../../../src/core/errors.ts';
import type { WorkflowHost } from '../../../../src/core/host.ts';
import type { CurrentTest } from '../current.ts';

/** What the process of a test asks of the one that calls for it. */
export type Request = { readonly id: number } & (
  | {
      /** Load the test, on these databases, and let it make its hosts. */
      readonly type: 'load';
      readonly test: CurrentTest;
      readonly files: readonly string[];
    }
  | {
      readonly type: 'call';
      readonly host: number;
      readonly method: keyof WorkflowHost;
      readonly given: string;
    }
  | { readonly type: 'abort'; readonly call: number }
  | { readonly type: 'close' }
);

/** Its answer: a value in the engine's own encoding. */
export interface Answer {
  readonly id: number;
  readonly result?: string;
  readonly error?: string;
}

/** An error as it goes over: a coded one has to be one again. */
export function errorText(error: unknown): string {
  if (!isWorkflowError(error)) return encode({ plain: error });
  const { code, message, details, cause } = error;
  return encode({ code, message, details, cause });
}

/** The error of {@link errorText}. */
export function errorIn(text: string): unknown {
  const { plain, code, message, ...more } = decode(text) as {
    plain?: unknown;
    code?: WorkflowError['code'];
    message?: string;
    details?: WorkflowError['details'];
    cause?: unknown;
  };
  return code === undefined ? plain : new WorkflowError(code, message ?? '', more as object);
}
