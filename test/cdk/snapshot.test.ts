import { expect, test } from 'vitest';
import { synth } from './synth.ts';

/** What changes with the sources of the functions, and nothing else: what they are made of, by its hash. */
function masked(template: unknown): unknown {
  return JSON.parse(
    JSON.stringify(template, (key, value: unknown) =>
      key === 'S3Key' || key === 'aws:asset:path' ? '<asset>' : value,
    ).replaceAll(/[0-9a-f]{64}/g, '<hash>'),
  );
}

/**
 * The whole template of a stack with defaults: a change of it is a change of what is deployed, which a person looks at.
 * `npx vitest run test/cdk/snapshot.test.ts --update` writes it anew.
 */
test('the template of a stack with defaults is as it was', async () => {
  const template = `${JSON.stringify(masked(synth().toJSON()), null, 2)}\n`;
  await expect(template).toMatchFileSnapshot('snapshot.json');
});

test('is the same each time it is made', () => {
  expect(masked(synth().toJSON())).toEqual(masked(synth().toJSON()));
});
