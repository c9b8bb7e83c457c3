import { expect, test } from 'vitest';
import { resourcesOf, synth } from '../cdk/synth.ts';
import { shop } from '../integration/requests.ts';
import { estimate, estimateLines, standing } from './estimate.ts';

test('the lines add up to the estimate, which is some cents', () => {
  const lines = estimateLines();
  const dollars = lines.slice(1, -1).map((line) => Number(/\$([\d.]+)$/.exec(line)?.[1]));
  const sum = dollars.reduce((total, each) => total + each, 0);
  expect(sum).toBeCloseTo(estimate(), 2);
  expect(lines.at(-1)).toContain(`$${estimate().toFixed(2)}`);
  expect(estimate()).toBeGreaterThan(0.01);
  expect(estimate()).toBeLessThan(1);
});

test('what is there by the hour is what the stacks have', () => {
  const template = synth({ requestSources: [shop] });
  const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').length;
  expect(alarms).toBeGreaterThan(standing.alarms / 2);
  expect(alarms).toBeLessThanOrEqual(standing.alarms);
  const sources = resourcesOf(template, 'AWS::Lambda::EventSourceMapping');
  // That of the table's stream has a position.
  const queues = sources.filter(({ Properties }) => Properties['StartingPosition'] === undefined);
  expect(queues).toHaveLength(standing.polledQueues);
});
