import type { CallExpression, Expression, Super } from 'oxc-parser';
import { isUnder, type Source, type Violation, violation } from './source.ts';
import { globalName, memberName, unwrap, walk } from './walk.ts';

const EXECUTOR = 'src/runtime/step-executor.ts';
/** Wraps bodies, and hands the calls that the executor makes on to them. */
const WRAPPER = 'src/testing/simulator/instrument.ts';

/**
 * A step's body runs in one place only, which holds its claim, renews its lease and fires its abort signal.
 * A call of anything that goes by the name of `execute` is taken for one.
 */
export function executeCalls(source: Source): Violation[] {
  if (!isUnder(source.path, ['src']) || [EXECUTOR, WRAPPER].includes(source.path)) return [];
  const found: Violation[] = [];
  walk(source.program, (node) => {
    if (node.type === 'CallExpression' && isExecute(node.callee)) {
      found.push(violation('execute', source, node, `calls execute; only ${EXECUTOR} does`));
    }
    return undefined;
  });
  return found;
}

function isExecute(callee: Expression | Super): boolean {
  const target = unwrap(callee);
  if (target.type === 'Identifier') return target.name === 'execute';
  if (target.type !== 'MemberExpression') return false;
  const name = memberName(target);
  if (name === 'execute') return true;
  return (name === 'call' || name === 'apply' || name === 'bind') && isExecute(target.object);
}

const BARE_ERRORS: ReadonlySet<string> = new Set([
  'Error',
  'AggregateError',
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
]);

/** Whoever catches an error decides by its code, so that nothing is thrown or rejected with that has none. */
export function bareErrors(source: Source): Violation[] {
  if (!isUnder(source.path, ['src', 'lib', 'lambdas'])) return [];
  const found: Violation[] = [];
  walk(source.program, (node) => {
    const thrown =
      node.type === 'ThrowStatement'
        ? node.argument
        : node.type === 'CallExpression' && isReject(node)
          ? node.arguments[0]
          : undefined;
    const name = thrown && thrown.type !== 'SpreadElement' ? bareError(thrown) : undefined;
    if (name) found.push(violation('bare-error', source, node, `throws a bare ${name}; give it a code`));
    return undefined;
  });
  return found;
}

function bareError(expression: Expression): string | undefined {
  const made = unwrap(expression);
  if (made.type !== 'NewExpression' && made.type !== 'CallExpression') return undefined;
  const name = globalName(made.callee);
  return name !== undefined && BARE_ERRORS.has(name) ? name : undefined;
}

function isReject({ callee }: CallExpression): boolean {
  const target = unwrap(callee);
  if (target.type === 'Identifier') return target.name === 'reject';
  return target.type === 'MemberExpression' && memberName(target) === 'reject';
}
