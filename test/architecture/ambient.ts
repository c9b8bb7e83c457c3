import type { Expression, ImportDeclaration, ObjectPattern } from 'oxc-parser';
import { isUnder, type Node, type Source, type Violation, violation } from './source.ts';
import {
  globalName,
  isReference,
  isType,
  memberName,
  type Place,
  stringValue,
  unwrap,
  walk,
} from './walk.ts';

/** Time, timers, randomness and environment come in as arguments here, so that a simulation can decide them. */
const GIVEN = [
  'src/index.ts',
  'src/core',
  'src/ports',
  'src/sdk',
  'src/runtime',
  'src/http',
  // Public, and all about time that passes only when it is told to.
  'src/testing',
];

/** Members of globals. An empty list means that the global has no harmless member. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  Date: ['now'],
  Temporal: ['Now'],
  performance: [],
  Math: ['random'],
  AbortSignal: ['timeout'],
  process: ['env', 'hrtime', 'uptime', 'cpuUsage'],
  'import.meta': ['env'],
};

/** Globals that are never named here, called or not. */
const NAMES: ReadonlySet<string> = new Set(['setTimeout', 'setInterval', 'setImmediate', 'performance']);

/** Random by whatever object they are reached: the global `crypto`, or an alias of the module. */
const RANDOM: ReadonlySet<string> = new Set([
  'randomUUID',
  'getRandomValues',
  'randomBytes',
  'randomInt',
  'randomFill',
  'randomFillSync',
]);

const MODULES: ReadonlySet<string> = new Set(['timers', 'timers/promises', 'perf_hooks']);

export function ambient(source: Source): Violation[] {
  if (!isUnder(source.path, GIVEN)) return [];
  const found: Violation[] = [];
  walk(source.program, (node, place) => {
    if (isType(node)) return 'skip';
    for (const what of ambientAt(node, place)) {
      found.push(violation('ambient', source, node, `takes ${what} from its surroundings`));
    }
    return undefined;
  });
  return found;
}

function ambientAt(node: Node, place: Place | undefined): string[] {
  switch (node.type) {
    case 'Identifier':
      return NAMES.has(node.name) && isReference(place) ? [node.name] : [];
    case 'MemberExpression': {
      const name = memberName(node);
      const object = globalName(node.object);
      if (name === undefined) return [];
      if (RANDOM.has(name)) return [name];
      // `performance.now` is reported once, by its object.
      if (object !== undefined && !NAMES.has(object) && isAmbient(object, name)) return [`${object}.${name}`];
      return NAMES.has(globalName(node) ?? '') ? [name] : [];
    }
    case 'NewExpression':
      return node.arguments.length === 0 && globalName(node.callee) === 'Date' ? ['new Date()'] : [];
    case 'CallExpression':
      return globalName(node.callee) === 'Date' ? ['Date()'] : [];
    case 'VariableDeclarator':
      return node.id.type === 'ObjectPattern' && node.init ? unpacked(node.id, node.init) : [];
    case 'ImportDeclaration':
      return node.importKind === 'type' ? [] : imported(node);
    default:
      return [];
  }
}

function isAmbient(object: string, member: string): boolean {
  return Object.hasOwn(MEMBERS, object) && (MEMBERS[object] ?? []).includes(member);
}

/** `const { now } = Date`, `const { setTimeout: later } = globalThis`. */
function unpacked(pattern: ObjectPattern, init: Expression): string[] {
  const value = unwrap(init);
  const object = globalName(value);
  if (object === undefined) return [];
  return pattern.properties.flatMap((property) => {
    if (property.type !== 'Property') return [];
    const key =
      property.key.type === 'Identifier' && !property.computed
        ? property.key.name
        : stringValue(property.key);
    if (key === undefined) return [];
    const isBanned = isAmbient(object, key) || RANDOM.has(key) || (object === 'globalThis' && NAMES.has(key));
    return isBanned ? [`${object}.${key}`] : [];
  });
}

function imported(node: ImportDeclaration): string[] {
  const name = node.source.value.replace(/^node:/, '');
  if (MODULES.has(name)) return [`module ${name}`];
  return node.specifiers.flatMap((specifier) => {
    if (specifier.type !== 'ImportSpecifier') return [];
    const from =
      specifier.imported.type === 'Identifier' ? specifier.imported.name : specifier.imported.value;
    return RANDOM.has(from) || (name === 'process' && isAmbient('process', from)) ? [from] : [];
  });
}
