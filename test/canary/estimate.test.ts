import { expect, test } from 'vitest';
import { estimate, estimateLines } from './estimate.ts';

test('the lines add up to the estimate, which is some cents', () => {
  const lines = estimateLines();
  const dollars = lines.slice(1, -1).map((line) => Number(/\$([\d.]+)$/.exec(line)?.[1]));
  const sum = dollars.reduce((total, each) => total + each, 0);
  expect(sum).toBeCloseTo(estimate(), 2);
  expect(lines.at(-1)).toContain(`$${estimate().toFixed(2)}`);
  expect(estimate()).toBeGreaterThan(0.01);
  expect(estimate()).toBeLessThan(1);
});
