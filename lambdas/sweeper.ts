import { startRuntime } from './runtime.ts';

const runtime = startRuntime();

/** Looks once at the runs that are due for it. What a sweep that fails has not seen is still due at the next one. */
export async function handler(): Promise<void> {
  await runtime.sweep();
}
