/** The module that a deployment gives as `entry`: esbuild puts it in this place when it bundles a function. */
declare module 'evented-workflows:entry' {
  // oxlint-disable-next-line typescript/consistent-type-imports -- an ambient module cannot import by a relative path
  type Workflows = import('../src/runtime/index.ts').RuntimeOptions['workflows'];

  export const workflows: Workflows | undefined;
  const fallback: Workflows | undefined;
  export default fallback;
}
