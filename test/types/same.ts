/** Whether two types are one and the same, so that neither `any` nor a wider type passes. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Type of the expression `actual` is exactly `Expected`: `same<Expected>()(actual)(true)`. */
export function same<Expected>(): <Actual>(actual: Actual) => (verdict: Same<Actual, Expected>) => void {
  return () => () => {};
}
