import { type Door, doorsOf } from './doors.ts';
import { type Declared, type Modules, packageOf, type Target } from './modules.ts';
import { membersOf } from './signature.ts';
import { heritageOf, keyOf, referencesOf } from './references.ts';

/** The headings of a page, in their order. */
export const GROUPS = ['Functions', 'Classes', 'Interfaces', 'Types', 'Constants'] as const;
export type Group = (typeof GROUPS)[number];

/** Heading of what is not exported, but has to be known to read the signatures of what is. */
export const BEHIND = 'Types behind these';

/** A name with the place of its documentation. */
export interface Entry {
  readonly name: string;
  readonly target: Target;
  /** The page and the anchor on it. */
  readonly page: string;
  readonly anchor: string;
}

/** What one page documents. */
export interface PagePlan {
  readonly door: Door;
  readonly groups: ReadonlyMap<Group, readonly Entry[]>;
  readonly behind: readonly Entry[];
  /** What the door exports too, and the page of another door documents. */
  readonly elsewhere: readonly { readonly name: string; readonly entry: Entry }[];
  /** What it hands on from packages, which document it. */
  readonly foreign: readonly { readonly name: string; readonly from: string }[];
}

/** What is documented where. */
export interface Plan {
  readonly pages: readonly PagePlan[];
  readonly entries: ReadonlyMap<string, Entry>;
}

/** Gives each thing one place: on the page of the first door that exports it, or of the first that mentions it. */
export function planPages(modules: Modules): Plan {
  const doors = doorsOf(modules);
  const entries = new Map<string, Entry>();
  const exported = new Set(doors.flatMap((door) => [...door.exports.values()].map(keyOf)));
  const pages: PagePlan[] = [];
  for (const door of doors) {
    const anchors = new Anchors();
    anchors.of(door.name);
    const place = (name: string, target: Target): Entry => {
      const entry = { name, target, page: door.page, anchor: anchors.of(name) };
      entries.set(keyOf(target), entry);
      return entry;
    };
    const own = [...door.exports].filter(([, target]) => packageOf(target) === undefined);
    const foreign = [...door.exports].flatMap(([name, target]) => {
      const from = packageOf(target);
      return from === undefined ? [] : [{ name, from }];
    });
    const here = own.filter(([, target]) => !entries.has(keyOf(target)));
    const elsewhere = own.filter(([, target]) => entries.has(keyOf(target)));
    if (elsewhere.length + foreign.length > 0) anchors.of('Also exported');
    const groups = new Map<Group, Entry[]>();
    for (const group of GROUPS) {
      const members = here.filter(([, target]) => groupOf(modules, target) === group).toSorted(byName);
      if (members.length === 0) continue;
      anchors.of(group);
      groups.set(
        group,
        members.map(([name, target]) => place(name, target)),
      );
    }
    const hidden = behindOf(modules, here, (key) => exported.has(key) || entries.has(key)).toSorted(byName);
    if (hidden.length > 0) anchors.of(BEHIND);
    pages.push({
      door,
      groups,
      foreign,
      behind: hidden.map(([name, target]) => place(name, target)),
      elsewhere: elsewhere.flatMap(([name, target]) => {
        const entry = entries.get(keyOf(target));
        return entry ? [{ name, entry }] : [];
      }),
    });
  }
  return { pages, entries };
}

/**
 * What signatures of a page mention and no page documents. What an exported type extends counts as exported, as its members
 * are. What these mention in turn is how the package is made, beside what they extend. A class that is not exported cannot be
 * made by anybody.
 */
function behindOf(
  modules: Modules,
  from: readonly (readonly [string, Target])[],
  isPlaced: (key: string) => boolean,
): [string, Target][] {
  const found = new Map<string, Target>();
  const add = (mentioned: readonly Target[]): Target[] => {
    const fresh = mentioned.filter((target) => {
      const key = keyOf(target);
      return !isPlaced(key) && !found.has(key) && groupOf(modules, target) !== 'Classes';
    });
    for (const target of fresh) found.set(keyOf(target), target);
    return fresh;
  };
  const open = from.map(([, target]) => target);
  for (const target of open) open.push(...add(heritageOf(modules, target)));
  const mentioned = open.flatMap((target) => add(referencesOf(modules, target)));
  for (const target of mentioned) mentioned.push(...add(heritageOf(modules, target)));
  return [...found.values()].map((target) => [target.name, target]);
}

function groupOf(modules: Modules, target: Target): Group {
  const [first] = modules.declarationsOf(target);
  if (!first) throw new Error(`${target.path} does not declare ${target.name}`);
  return groupOfNode(first.node);
}

function groupOfNode(node: Declared): Group {
  switch (node.type) {
    case 'ClassDeclaration':
    case 'ClassExpression':
      return 'Classes';
    case 'TSInterfaceDeclaration':
      return 'Interfaces';
    case 'TSTypeAliasDeclaration':
      return 'Types';
    case 'VariableDeclarator':
      return node.init?.type === 'ArrowFunctionExpression' ? 'Functions' : 'Constants';
    default:
      return 'Functions';
  }
}

/**
 * What a name in a docstring of `target` means: a thing in scope there, a member of `target`, or else the only thing of this
 * name that has a place. Of `Run.cancel` the first part counts.
 */
export function meaningOf(modules: Modules, plan: Plan, target: Target, name: string): Entry | undefined {
  const [first = ''] = name.split(/[.#]/u);
  const inScope = modules.lookUp(target.path, first);
  if (inScope) return plan.entries.get(keyOf(inScope));
  const { source } = modules.at(target.path);
  const isMember = modules
    .declarationsOf(target)
    .some(({ node }) => membersOf(source, node).some(({ key }) => key === first));
  if (isMember) return plan.entries.get(keyOf(target));
  const [only, ...others] = [...plan.entries.values()].filter((entry) => entry.name === first);
  return others.length === 0 ? only : undefined;
}

/** By code unit, so that the order does not follow from a locale. */
function byName(a: readonly [string, Target], b: readonly [string, Target]): number {
  if (a[0] === b[0]) return a[1].path < b[1].path ? -1 : 1;
  return a[0] < b[0] ? -1 : 1;
}

/** Anchors as GitHub derives them from the headings of a page: the second one of a name has a number. */
class Anchors {
  readonly #used = new Map<string, number>();

  of(heading: string): string {
    const plain = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const before = this.#used.get(plain) ?? 0;
    this.#used.set(plain, before + 1);
    return before === 0 ? plain : `${plain}-${before}`;
  }
}
