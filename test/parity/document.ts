import { byLine, type PlaceRecord } from './records.ts';

/** What stands over the columns. */
const head = `# The same in every place

The engine's reference is the in-process runtime of Mastra's workflow API. What an author can rely on is a list of
behaviours, each of which is a test, and each test runs in every place in which workflows run. This page is what they came
to: it is written by the run of the tests, and \`.ci/run\` fails when it is not what they come to.

`;

const legend = `✓: all tests of the line pass there. A number: the test does not run there, for the reason of this number below the table.
On a deployed stack some tests run, of every construct, and ✓ is about those; where a cell is empty, none of the line was chosen.
Most of the others look at what steps leave in the process of the test, or move a clock that is virtual.
D are behaviours of the reference, G those of its newest version, H those in which it fails or has no test, R rules that no
other line says.

`;

/** docs/parity.md by the records of all places. */
export function documentText(records: readonly PlaceRecord[]): string {
  const reasons: string[] = [];
  const ids = [...new Set(records.flatMap(({ lines }) => Object.keys(lines)))].toSorted(byLine);
  const rows = ids.map((id) => {
    const cells = records.map(({ lines }) => cellOf(lines[id], reasons));
    const says = [...new Set(records.flatMap(({ lines }) => lines[id]?.says ?? []))].toSorted();
    return `| ${id} | ${says.map(escaped).join('; ')} | ${cells.join(' | ')} |`;
  });
  const numbers = records.map((_, n) => String.fromCodePoint(65 + n));
  return [
    head,
    records
      .map(
        ({ place, lines }, n) => `- **${numbers[n]}**: ${place}. ${countOf(lines)} of ${ids.length} lines\n`,
      )
      .join(''),
    '\n',
    legend,
    `| line | what it does | ${numbers.join(' | ')} |\n|---|---|${numbers.map(() => '---').join('|')}|\n`,
    rows.map((row) => `${row}\n`).join(''),
    reasons.length === 0 ? '' : '\n## What does not run, and why\n\n',
    reasons.map((reason, n) => `${n + 1}. ${reason}\n`).join(''),
    scope,
  ].join('');
}

const scope = `
## Out of scope

- D16: an agent whose model speaks the first version of the reference's protocol. Nothing of a workflow is in it.
- Processors, scorers, stored dynamic graphs, and steps made of classifiers: parts of the reference's agent framework.
- Traces, \`executionEngine\`, \`sharePubsub\`, \`allowUnclaimedResumes\` and \`actor\`: settings of the reference's own inside. The
  contract of its stores and the points at which it writes them are of that kind, too.
- What only an engine without this one's promises refuses: a restart that is not supported, a missing transport, an empty
  graph that has reached the engine, a suspended run in which no step is suspended.
- Payloads that are left out of results when they equal the output before: here each entry has its payload.
`;

/** How many lines have a test that passes. */
function countOf(lines: PlaceRecord['lines']): number {
  return Object.values(lines).filter((line) => line.passed > 0).length;
}

function cellOf(line: PlaceRecord['lines'][string] | undefined, reasons: string[]): string {
  if (line === undefined) return ' ';
  const notes = (line.not ?? []).map((reason) => {
    if (!reasons.includes(reason)) reasons.push(reason);
    return String(reasons.indexOf(reason) + 1);
  });
  return [...(line.passed > 0 ? ['✓'] : []), ...notes].join(' ');
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
