import { describe, expect, it } from 'vitest';
import { countBodyRuns, type LogEntry } from '../../examples/orders/execution-log.ts';
import { changedRows, renderTree, type TreeInput, treeRows } from '../../examples/orders/tree.ts';
import { logEntry } from './log-entry.ts';

describe('the tree', () => {
  const graph = [
    { type: 'step', id: 'read' },
    { type: 'parallel', arms: [{ id: 'stock' }, { id: 'prices' }] },
    { type: 'conditional', arms: [{ id: 'auto' }, { id: 'ask' }] },
    { type: 'step', id: 'pay' },
  ];
  const input = (status: string, steps: TreeInput['run']['steps']): TreeInput => ({
    graph,
    run: { runId: 'r', status, steps },
    now: 10_000,
  });
  const done = { status: 'success', startedAt: 1_000, endedAt: 1_250 };

  it('shows what is done, what runs and what is to come', () => {
    const rows = treeRows(
      input('running', { read: done, stock: { status: 'running', startedAt: 8_800 }, prices: done }),
    );
    expect(renderTree(rows)).toEqual([
      '├─ ✓ read                   ok           0.3 s',
      '├─ ● parallel               running',
      '│  ├─ ● stock               running      1.2 s',
      '│  └─ ✓ prices              ok           0.3 s',
      '├─ ○ branch                 pending',
      '│  ├─ ○ auto                pending',
      '│  └─ ○ ask                 pending',
      '└─ ○ pay                    pending',
    ]);
  });

  it('shows who waits, and which arm was not taken', () => {
    const rows = treeRows(
      input('suspended', { read: done, stock: done, prices: done, ask: { status: 'suspended' } }),
    );
    expect(renderTree(rows).slice(4)).toEqual([
      '├─ ‖ branch                 suspended',
      '│  ├─ · auto                not taken',
      '│  └─ ‖ ask                 suspended           waits for a person',
      '└─ ○ pay                    pending',
    ]);
  });

  describe('of loops and sleeps', () => {
    const looping: TreeInput['graph'] = [
      { type: 'loop', step: { id: 'poll' } },
      { type: 'sleep', id: 'pause' },
      { type: 'step', id: 'pay' },
    ];
    const linesOf = (status: string, steps: TreeInput['run']['steps']): string[] =>
      renderTree(treeRows({ ...input(status, steps), graph: looping }));
    const poll = { ...done, metadata: { iterationCount: 3 } };

    it('shows the iteration of a body', () => {
      const running = { status: 'running', startedAt: 8_800, metadata: { iterationCount: 3 } };
      expect(linesOf('running', { poll: running })).toEqual([
        '├─ ● loop                   running',
        '│  └─ ● poll                running      1.2 s  iteration 3',
        '├─ ○ pause                  pending',
        '└─ ○ pay                    pending',
      ]);
    });

    it('shows that a loop goes on after an iteration', () => {
      expect(linesOf('running', { poll }).slice(0, 2)).toEqual([
        '├─ ● loop                   running',
        '│  └─ ✓ poll                ok           0.3 s  iteration 3',
      ]);
    });

    it('shows how long a sleep has lasted', () => {
      expect(linesOf('waiting', { poll, pause: { status: 'waiting', startedAt: 8_800 } })).toEqual([
        '├─ ✓ loop                   ok',
        '│  └─ ✓ poll                ok           0.3 s  iteration 3',
        '├─ ◷ pause                  waiting      1.2 s',
        '└─ ○ pay                    pending',
      ]);
    });

    it('shows what a step has left out that ended the run', () => {
      expect(linesOf('success', { poll }).slice(1)).toEqual([
        '│  └─ ✓ poll                ok           0.3 s  iteration 3',
        '├─ · pause                  not taken',
        '└─ · pay                    not taken',
      ]);
    });
  });

  describe('of a foreach, and of a workflow that stands for a step', () => {
    const nested = {
      graph: [
        { type: 'step', id: 'pack' },
        { type: 'foreach', step: { id: 'book' } },
      ],
    };
    const shipping: TreeInput['graph'] = [
      { type: 'foreach', step: { id: 'pick' } },
      { type: 'conditional', arms: [{ id: 'ship', nested }] },
      { type: 'step', id: 'pay' },
    ];
    const running = { status: 'running', startedAt: 8_800 };
    const linesOf = (status: string, steps: TreeInput['run']['steps'], log: string[] = []): string[] =>
      renderTree(
        treeRows({ ...input(status, steps), graph: shipping, bodyRuns: countBodyRuns(log.map(logEntry)) }),
      );

    it('shows how many items are done', () => {
      const log = [
        'pick/0 begin',
        'pick/0 end',
        'pick/1 begin',
        'pick/2 begin',
        'pick/2 end',
        'pick/3 begin',
      ];
      expect(linesOf('running', { pick: running }, log)).toEqual([
        '├─ ● foreach                running',
        '│  └─ ● pick                running      1.2 s  2 items',
        '├─ ○ branch                 pending',
        '│  └─ ○ ship                pending',
        '└─ ○ pay                    pending',
      ]);
    });

    it('shows the steps of a nested workflow once it has begun, and the items that were tried again', () => {
      const steps = { pick: done, ship: running, 'ship.pack': done, 'ship.book': running };
      expect(
        linesOf('running', steps, ['book/0 begin', 'book/0 fail', 'book/1 begin', 'book/1 end']),
      ).toEqual([
        '├─ ✓ foreach                ok',
        '│  └─ ✓ pick                ok           0.3 s',
        '├─ ● branch                 running',
        '│  └─ ● ship                running      1.2 s',
        '│     ├─ ✓ pack             ok           0.3 s',
        '│     └─ ↻ foreach          retry',
        '│        └─ ↻ book          retry        1.2 s  1 item, 1 tried again',
        '└─ ○ pay                    pending',
      ]);
    });

    it('shows what a nested workflow has left out that failed', () => {
      const failed = { ...done, status: 'failed', error: { message: 'no box' } };
      expect(linesOf('failed', { pick: done, ship: failed, 'ship.pack': failed }).slice(2)).toEqual([
        '├─ ✗ branch                 failed',
        '│  └─ ✗ ship                failed       0.3 s  no box',
        '│     ├─ ✗ pack             failed       0.3 s  no box',
        '│     └─ ○ foreach          pending',
        '│        └─ ○ book          pending',
        '└─ ○ pay                    pending',
      ]);
    });
  });

  it('shows attempts, and a body that was begun again', () => {
    const fail = logEntry('pay fail');
    const begin = logEntry('pay begin');
    const row = (entries: LogEntry[], step = { status: 'running', startedAt: 9_000 }): string | undefined =>
      renderTree(treeRows({ ...input('running', { pay: step }), bodyRuns: countBodyRuns(entries) })).at(-1);
    expect(row([begin, fail])).toBe('└─ ↻ pay                    retry        1.0 s  attempt 1 failed');
    expect(row([begin, fail, begin])).toBe('└─ ● pay                    running      1.0 s  attempt 2');
    expect(row([begin, begin])).toBe('└─ ● pay                    running      1.0 s  begun again');
    expect(row([begin, fail, begin, { ...begin, phase: 'end' }], { ...done, status: 'success' })).toBe(
      '└─ ✓ pay                    ok           0.3 s  attempt 2',
    );
  });

  it('shows why a step failed, in one line that is no wider than it may be', () => {
    const error = { message: `first\nsecond ${'x'.repeat(100)}` };
    const rows = treeRows(input('failed', { read: { ...done, status: 'failed', error } }));
    const [first] = renderTree(rows, 80);
    expect(first).toMatch(/^├─ ✗ read +failed +0\.3 s {2}first second x+…$/);
    expect(first).toHaveLength(80);
  });

  it('paints the row but not the lines that lead to it', () => {
    const [first] = renderTree(treeRows(input('pending', {})), 80, (state, text) => `<${state}>${text}</>`);
    expect(first).toBe('├─ <pending>○ read                   pending</>');
  });

  it('tells which rows have changed, but not that time has passed', () => {
    const running = input('running', { read: { status: 'running', startedAt: 9_000 } });
    const before = treeRows(running);
    expect(changedRows([], before).map(({ name }) => name)).toEqual(['read']);
    expect(changedRows(before, treeRows({ ...running, now: 11_000 }))).toEqual([]);
    expect(changedRows(before, treeRows(input('running', { read: done })))).toMatchObject([
      { name: 'read', state: 'ok' },
    ]);
  });
});
