/** A test, as another process that loads its file finds it. */
export interface CurrentTest {
  readonly file: string;
  /** Its place among all tests of the file, from 0. */
  readonly number: number;
  /** Its own name, without those of what it is in. */
  readonly name: string;
}

/** The test that is running; told before each one. */
export const current: {
  test: CurrentTest | undefined;
  /** Ends the test as one that cannot run in its place. */
  skip: (reason: string) => void;
} = { test: undefined, skip: () => {} };
