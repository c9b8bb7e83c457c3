import { createRuntime } from 'evented-workflows/runtime';
import { memoryBackend } from 'evented-workflows/memory';
import { noticeText } from './text.ts';
import { expenseWorkflow, type Waiting } from './workflow.ts';

/** The same notices without AWS, by a callback of the workflow: who `tell`s a person is up to the program. */
export async function waitLocally(tell: (text: string) => void): Promise<unknown> {
  const onFinish = ({ runId, workflowId, status, steps }: Waiting): void => {
    if (status !== 'suspended') return;
    const waiting = Object.entries(steps).filter(([, step]) => step.status === 'suspended');
    for (const [stepId] of waiting) tell(noticeText({ runId, workflowId, stepId }));
  };
  const expense = expenseWorkflow({ onFinish });
  const runtime = createRuntime({ workflows: [expense], backend: memoryBackend() });
  const run = await expense.createRun({ runId: 'expense-7' });
  await run.start({ inputData: { employee: 'Bo', purpose: 'a chair', cents: 24_900 } });
  const done = await run.resume({ resumeData: { approved: true, by: 'Ann' } });
  await runtime.close();
  return done.status === 'success' ? done.result : done.status;
}

if (import.meta.main) console.log(await waitLocally((text) => console.log(text)));
