import { formatSignatures } from './format.ts';
import { type Linker, readDocstring, renderDocstring } from './docstring.ts';
import { Modules, type Declaration } from './modules.ts';
import { BEHIND, type Entry, GROUPS, meaningOf, type PagePlan, type Plan, planPages } from './plan.ts';
import { keyOf, referencesOf } from './references.ts';
import { type Member, membersOf, signatureOf } from './signature.ts';

const NOTICE =
  '<!-- Written by `npm run docs:api` from the docstrings of the sources. Change those, not this. -->';

/** Every page of docs/api by its name. The same sources give the same pages. */
export function apiPages(modules = new Modules()): Map<string, string> {
  const plan = planPages(modules);
  const signatures = signaturesOf(modules, plan);
  const context = { modules, plan, signatures };
  const pages = plan.pages.map((page): [string, string] => [page.door.page, renderPage(context, page)]);
  return new Map([['README.md', renderIndex(context)], ...pages]);
}

interface Context {
  readonly modules: Modules;
  readonly plan: Plan;
  readonly signatures: ReadonlyMap<Declaration, string>;
}

function signaturesOf(modules: Modules, plan: Plan): Map<Declaration, string> {
  const declared = [...plan.entries.values()].flatMap(({ target }) =>
    modules.shownDeclarationsOf(target).map((declaration) => ({
      declaration,
      code: signatureOf(modules.at(target.path).source, declaration.node),
    })),
  );
  const formatted = formatSignatures(declared.map(({ code }) => code));
  return new Map(declared.map(({ declaration }, index) => [declaration, formatted[index] ?? '']));
}

function renderPage(context: Context, { door, groups, behind, elsewhere, foreign }: PagePlan): string {
  const blocks = [NOTICE, `# ${door.name}`];
  if (door.docstring !== undefined)
    blocks.push(renderDocstring(door.docstring, linkerAt(context, door.path, door.page)));
  blocks.push(`[All doors](README.md)`);
  if (elsewhere.length + foreign.length > 0) blocks.push('## Also exported');
  if (elsewhere.length > 0) {
    const links = elsewhere.map(({ name, entry }) => `[\`${name}\`](${hrefOf(entry, door.page)})`);
    blocks.push(`Exported by another door as well, and described there: ${links.join(', ')}.`);
  }
  if (foreign.length > 0) {
    const names = foreign.map(({ name, from }) => `\`${name}\` of \`${from}\``);
    blocks.push(`Handed on from other packages: ${names.join(', ')}.`);
  }
  for (const group of GROUPS) {
    const entries = groups.get(group);
    if (entries) blocks.push(`## ${group}`, ...entries.flatMap((entry) => renderEntry(context, entry)));
  }
  if (behind.length > 0) {
    blocks.push(
      `## ${BEHIND}`,
      'Not exported under a name of their own; signatures above mention them.',
      ...behind.flatMap((entry) => renderEntry(context, entry)),
    );
  }
  return `${blocks.join('\n\n')}\n`;
}

function renderEntry(context: Context, entry: Entry): string[] {
  const { modules, signatures } = context;
  const { target, name, page } = entry;
  const link = linkerOf(context, entry);
  const { source } = modules.at(target.path);
  const blocks = [`### ${name}`];
  for (const declaration of modules.shownDeclarationsOf(target)) {
    blocks.push(`\`\`\`ts\n${signatures.get(declaration) ?? ''}\n\`\`\``);
    if (declaration.docstring !== undefined) blocks.push(renderDocstring(declaration.docstring, link));
    const members = membersOf(source, declaration.node).flatMap((member) => renderMember(member, link));
    if (members.length === 0) continue;
    // Two lists without words between them would be one.
    if (/\n(?:- | {2}).*$/u.test(blocks.at(-1) ?? '')) blocks.push('Members:');
    blocks.push(members.join('\n'));
  }
  const mentioned = referencesOf(modules, target).flatMap((reference) => {
    const there = context.plan.entries.get(keyOf(reference));
    return there ? [`[\`${there.name}\`](${hrefOf(there, page)})`] : [];
  });
  if (mentioned.length > 0) blocks.push(`Mentions ${mentioned.join(', ')}.`);
  return blocks;
}

function renderMember({ label, docstring }: Member, link: Linker): string[] {
  if (docstring === undefined) return [];
  // What belongs to an item of a list is indented below it.
  const text = renderDocstring(docstring, link).replace(/\n(?=[^\n])/gu, '\n  ');
  return [`- **\`${label}\`**: ${text}`];
}

function renderIndex(context: Context): string {
  const blocks = [
    NOTICE,
    '# API',
    'One page for each door of the package, that is, for each path that can be imported.',
  ];
  for (const { door, groups, elsewhere } of context.plan.pages) {
    blocks.push(`## [${door.name}](${door.page})`);
    if (door.docstring !== undefined) {
      blocks.push(
        renderDocstring(readDocstring(door.docstring).text, linkerAt(context, door.path, 'README.md')),
      );
    }
    const lines = GROUPS.flatMap((group) => {
      const entries = groups.get(group) ?? [];
      const links = entries.map((entry) => `[\`${entry.name}\`](${hrefOf(entry, 'README.md')})`);
      return links.length > 0 ? [`- ${group}: ${links.join(', ')}`] : [];
    });
    const others = elsewhere.map(({ name, entry }) => `[\`${name}\`](${hrefOf(entry, 'README.md')})`);
    if (others.length > 0) lines.push(`- Also exported: ${others.join(', ')}`);
    blocks.push(lines.join('\n'));
  }
  return `${blocks.join('\n\n')}\n`;
}

function hrefOf(entry: Entry, from: string): string {
  return `${entry.page === from ? '' : entry.page}#${entry.anchor}`;
}

/** Links the names in a docstring of an entry. Members have no place of their own: theirs is that of what they belong to. */
function linkerOf({ modules, plan }: Context, { target, page }: Entry): Linker {
  return (name) => {
    const meant = meaningOf(modules, plan, target, name);
    return meant && hrefOf(meant, page);
  };
}

/** Links the names in the docstring of a door. */
function linkerAt({ modules, plan }: Context, path: string, page: string): Linker {
  return (name) => {
    const meant = meaningOf(modules, plan, { path, name: '' }, name);
    return meant && hrefOf(meant, page);
  };
}
