/**
 * The conditional writes of `RunStore` as functions from what is stored, and the write, to what is stored next; undefined
 * when the condition does not hold. A store that calls them has to make reading, deciding and writing one step.
 */
export * from './headers.ts';
export * from './named.ts';
export * from './records.ts';
