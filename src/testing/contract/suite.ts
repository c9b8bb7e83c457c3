import type { Backend } from '../../ports/index.ts';

/** What a contract registers its tests with: Vitest's, Jest's and `node:test`'s functions all fit. */
export interface TestFunctions {
  readonly describe: (name: string, body: () => void) => void;
  readonly test: (name: string, body: () => Promise<void>) => void;
}

/** A backend that a contract has for one test. */
export type ContractBackend = Backend & {
  /** Ends the place: closes the backend and removes what it left behind. Called once, after each test. */
  dispose(): Promise<void>;
  /** Lets virtual time pass. Absent where time is real: then nothing is asserted about when something is delivered. */
  advance?(ms: number): Promise<void>;
  /** Another process on the same place; its `dispose` leaves the place as it is. Absent where there is one process only. */
  attach?(): Promise<ContractBackend>;
};

/** What a contract has to know about a place. */
export interface ContractOptions extends TestFunctions {
  /** Name of the place, for the names of the tests. */
  readonly name: string;
  /**
   * Makes a backend; called for each test. It may stand on records of other tests, even of another process: a contract
   * uses ids that nobody else has, and never asks for all there is.
   */
  readonly makeBackend: () => Promise<ContractBackend>;
  /** Settlements that one segment of a join log holds. @default 100 */
  readonly segmentSize?: number;
}

/** One sentence of a contract, and what shows that it holds. */
export type ContractCase<T> = readonly [sentence: string, proof: (subject: T) => Promise<void>];

/** Registers one test for each case. `subjectOf` gets a backend of its own each time. */
export function registerCases<T>(
  options: ContractOptions,
  group: string,
  cases: readonly ContractCase<T>[],
  subjectOf: (backend: ContractBackend) => T,
): void {
  options.describe(`${options.name}: ${group}`, () => {
    for (const [sentence, proof] of cases) {
      options.test(sentence, async () => {
        const backend = await options.makeBackend();
        try {
          await proof(subjectOf(backend));
        } finally {
          await backend.dispose();
        }
      });
    }
  });
}
