import { beforeEach, type RunnerTestCase, type RunnerTestSuite } from 'vitest';
import { current } from './current.ts';

beforeEach((context) => {
  const { file } = context.task;
  current.test = { file: file.filepath, number: testsOf(file).findIndex(({ id }) => id === context.task.id) };
  current.skip = (reason) => context.skip(reason);
});

function testsOf(suite: RunnerTestSuite): readonly RunnerTestCase[] {
  return suite.tasks.flatMap((task) => (task.type === 'suite' ? testsOf(task) : [task]));
}
