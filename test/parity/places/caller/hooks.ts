import { registerHooks } from 'node:module';

/** A test file that is loaded here finds, instead of its runner, what only notes its tests. */
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vitest'
      ? { url: new URL('noted-tests.ts', import.meta.url).href, shortCircuit: true }
      : next(specifier, context),
});
