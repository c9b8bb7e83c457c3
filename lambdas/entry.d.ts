/** The module that a deployment gives as `entry`: esbuild puts it in this place when it bundles a function. */
declare module 'evented-workflows:entry' {
  // oxlint-disable-next-line typescript/consistent-type-imports -- an ambient module cannot import by a relative path
  type Options = import('../src/runtime/index.ts').RuntimeOptions;

  export const workflows: Options['workflows'] | undefined;
  /** Agents and tools that steps name by an id. */
  export const agents: Options['agents'];
  export const tools: Options['tools'];
  const fallback: Options['workflows'] | undefined;
  export default fallback;
}
