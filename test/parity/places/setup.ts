import { beforeEach, type RunnerTestCase, type RunnerTestSuite } from 'vitest';
import { current } from './current.ts';
import { placeIn } from './names.ts';
import { reasonAgainst } from './unavailable.ts';

beforeEach((context) => {
  const { suite, name, file } = context.task;
  current.test = { file: file.filepath, number: testsOf(file).findIndex(({ id }) => id === context.task.id) };
  current.skip = (reason) => context.skip(reason);
  const place = placeIn(` ${suite?.name ?? ''}`);
  const reason = place === undefined ? undefined : reasonAgainst(place, name);
  if (reason !== undefined) context.skip(reason);
});

function testsOf(suite: RunnerTestSuite): readonly RunnerTestCase[] {
  return suite.tasks.flatMap((task) => (task.type === 'suite' ? testsOf(task) : [task]));
}
