import { beforeEach, type RunnerTestCase, type RunnerTestSuite } from 'vitest';
import { current } from './current.ts';
import { isChosen, NOT_CHOSEN } from './deployed/choice.ts';
import { DEPLOYED_PLACE, placeIn } from './names.ts';

beforeEach((context) => {
  const { file, id, name, fullName } = context.task;
  const number = testsOf(file).findIndex((test) => test.id === id);
  current.test = { file: file.filepath, number, name };
  current.skip = (reason) => context.skip(reason);
  if (placeIn(fullName) === DEPLOYED_PLACE && !isChosen(current.test)) context.skip(NOT_CHOSEN);
});

function testsOf(suite: RunnerTestSuite): readonly RunnerTestCase[] {
  return suite.tasks.flatMap((task) => (task.type === 'suite' ? testsOf(task) : [task]));
}
