import { describe, expect, test } from 'vitest';
import { errorOf } from '../../src/core/codec-error.ts';
import { decode, encode, encodeError } from '../../src/core/codec.ts';
import { WorkflowError } from '../../src/core/errors.ts';
import { limits } from '../../src/core/limits.ts';

function through(error: Error): Error {
  return decode(encode(error)) as Error;
}

/** What a reader of the run gets after the step threw `error`. */
function recorded(error: Error): Error & Record<string, unknown> {
  return decode(encodeError(error)) as Error & Record<string, unknown>;
}

describe('an error comes back as an error', () => {
  test.each([[Error], [EvalError], [RangeError], [ReferenceError], [SyntaxError], [TypeError], [URIError]])(
    'of its class: %o',
    (Known) => {
      const back = through(new Known('no'));
      expect(back).toBeInstanceOf(Known);
      expect(Object.getPrototypeOf(back)).toBe(Known.prototype);
      expect(back).toMatchObject({ name: Known.name, message: 'no' });
    },
  );

  test('an error of an author class keeps its name and properties', () => {
    class PaymentError extends TypeError {
      override readonly name = 'PaymentError';
      readonly amount = 5n;
      readonly at = new Date(0);
    }
    const back = through(new PaymentError('declined'));
    expect(back).toBeInstanceOf(Error);
    expect(back).toMatchObject({ name: 'PaymentError', message: 'declined', amount: 5n, at: new Date(0) });
    expect(Object.keys(back)).toEqual(['amount', 'at']);
  });

  test('its causes come back too', () => {
    const root = new RangeError('root');
    const back = through(new Error('top', { cause: new Error('middle', { cause: root }) }));
    const middle = back.cause as Error;
    expect(middle.message).toBe('middle');
    expect(middle.cause).toBeInstanceOf(RangeError);
    expect(Object.keys(back)).not.toContain('cause');
  });

  test.each([null, 0, '', { code: 7 }])('a cause may be any value: %j', (cause) => {
    expect(through(new Error('x', { cause })).cause).toEqual(cause);
  });

  test('one without a cause has none', () => {
    expect(Object.hasOwn(through(new Error('x')), 'cause')).toBe(false);
  });

  test('an AggregateError keeps its errors', () => {
    const back = through(new AggregateError([new TypeError('a'), 'b'], 'both')) as AggregateError;
    expect(back).toBeInstanceOf(AggregateError);
    expect(back.errors).toHaveLength(2);
    expect(back.errors[0]).toBeInstanceOf(TypeError);
    expect(back.errors[1]).toBe('b');
    expect(Object.keys(back)).not.toContain('errors');
  });

  test('what only calls itself an AggregateError, or has errors of its own, is a plain one', () => {
    const named = Object.assign(new Error('x'), { name: 'AggregateError' });
    expect(through(named)).toMatchObject({ name: 'AggregateError', message: 'x' });
    const listed = Object.assign(new Error('x'), { errors: [1] });
    expect(through(listed)).toMatchObject({ name: 'Error', errors: [1] });
  });

  test('a WorkflowError keeps code and details', () => {
    const details = { runId: 'r1', issues: [{ path: 'a', message: 'b' }] };
    const back = through(new WorkflowError('WORKFLOW_RUN_CONFLICT', 'no', { details, cause: 'why' }));
    expect(back).toBeInstanceOf(WorkflowError);
    expect(back).toMatchObject({ code: 'WORKFLOW_RUN_CONFLICT', message: 'no', details, cause: 'why' });
  });

  test('one of a code that is unknown here is an error with that code', () => {
    const foreign = Object.assign(new Error('no'), { name: 'WorkflowError', code: 'WORKFLOW_FROM_TOMORROW' });
    const back = through(foreign);
    expect(back).not.toBeInstanceOf(WorkflowError);
    expect(back).toMatchObject({ name: 'WorkflowError', code: 'WORKFLOW_FROM_TOMORROW' });
  });

  test('a DOMException keeps name and message', () => {
    expect(through(AbortSignal.abort().reason as Error)).toMatchObject({
      name: 'AbortError',
      message: 'This operation was aborted',
    });
  });

  test('properties may have any name', () => {
    const odd = Object.assign(
      new Error('x'),
      JSON.parse('{"~": "Date", "v": 1, "__proto__": 2, "constructor": 3}'),
    );
    const back = through(odd);
    expect(Object.entries(back)).toEqual(Object.entries(odd));
    expect(back).toBeInstanceOf(Error);
  });

  test('the stack stays on the machine where it was made', () => {
    const error = Object.assign(new Error('no'), { detail: 1 });
    Object.defineProperty(error, 'stack', { value: 'secret path', enumerable: true });
    expect(encode(error)).not.toContain('secret path');
    expect(through(error).stack).toBe('Error: no');
  });

  test('as JSON it is what was stored, causes included', () => {
    const error = new TypeError('no', { cause: new Error('why') });
    expect(JSON.parse(JSON.stringify(through(Object.assign(error, { extra: 1 }))))).toEqual({
      name: 'TypeError',
      message: 'no',
      extra: 1,
      cause: { name: 'Error', message: 'why' },
    });
  });

  test('what came back can be stored again', () => {
    const error = new WorkflowError('WORKFLOW_STEP_FAILED', 'no', {
      cause: new AggregateError([new Error('a')], 'b'),
    });
    const once = encode(through(error), { canonical: true });
    expect(once).toBe(encode(error, { canonical: true }));
  });
});

describe('an error whose parts cannot be stored', () => {
  const socket = { write: (): void => undefined };

  test('keeps all the others', () => {
    const error = Object.assign(new RangeError('timed out', { cause: 'slow' }), {
      socket,
      code: 'ETIMEDOUT',
    });
    const back = recorded(error);
    expect(back).toBeInstanceOf(RangeError);
    expect(back).toMatchObject({ message: 'timed out', code: 'ETIMEDOUT', cause: 'slow' });
    expect(back).not.toHaveProperty('socket');
  });

  test('nothing is left out of one that can be stored', () => {
    expect(encodeError(new TypeError('x', { cause: [1] }))).toBe(encode(new TypeError('x', { cause: [1] })));
  });

  test('keeps what can be stored of its causes', () => {
    const cause = Object.assign(new Error('reset', { cause: new Error('root') }), { socket, errno: 104 });
    const back = recorded(new Error('top', { cause })).cause as Error & Record<string, unknown>;
    expect(back).toMatchObject({ message: 'reset', errno: 104, cause: { message: 'root' } });
    expect(back).not.toHaveProperty('socket');
  });

  test('keeps what can be stored of the errors it is made of', () => {
    const back = recorded(
      new AggregateError([Object.assign(new Error('a'), { socket }), 'b', socket, new Error('c')], 'all'),
    ) as unknown as AggregateError;
    expect(back).toBeInstanceOf(AggregateError);
    expect(back.errors.map((part: unknown) => (part instanceof Error ? part.message : part))).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  test('a chain of causes that runs in a circle is cut off', () => {
    const [first, second] = [new Error('first'), new Error('second')];
    first.cause = second;
    second.cause = first;
    let back: unknown = recorded(first);
    const messages: string[] = [];
    while (back instanceof Error) {
      messages.push(back.message);
      back = back.cause;
    }
    expect(messages.slice(0, 3)).toEqual(['first', 'second', 'first']);
    expect(messages.length).toBeLessThan(20);
  });

  test('a message that is too long is cut', () => {
    const back = recorded(Object.assign(new TypeError('x'.repeat(300_000)), { code: 'E1' }));
    expect(back).toBeInstanceOf(TypeError);
    expect(back['code']).toBe('E1');
    expect(back.message).toMatch(/^x+\.\.\. \(300000 characters\)$/);
    expect(back.message.length).toBeLessThan(limits.inlineBytes);
  });

  test('accessors that throw are left out, even those of name and message', () => {
    const refuse = {
      enumerable: true,
      get(): never {
        throw new Error('not now');
      },
    };
    const error = Object.defineProperties(new Error('kept'), { extra: refuse });
    expect(recorded(Object.assign(error, { code: 'E1' }))).toMatchObject({ message: 'kept', code: 'E1' });
    const silent = Object.defineProperties(new Error('lost'), {
      name: refuse,
      message: refuse,
      cause: refuse,
    });
    expect(recorded(silent)).toMatchObject({ name: 'Error', message: '' });
  });

  test('a name that is no string becomes one', () => {
    expect(recorded(Object.assign(new Error('x'), { name: Symbol('odd') }))).toMatchObject({
      name: 'Symbol(odd)',
      message: 'x',
    });
  });

  test('an enumerable stack is left out', () => {
    const error = Object.assign(new Error('x'), { socket });
    Object.defineProperty(error, 'stack', { value: 'secret path', enumerable: true });
    expect(encodeError(error)).not.toContain('secret path');
  });

  test('a part that is as deep as a value may be does not make the whole too deep', () => {
    let deep: unknown = 1;
    for (let level = 0; level < limits.valueDepth; level += 1) deep = [deep];
    let chain = Object.assign(new Error('root'), { deep, socket });
    for (let level = 0; level < 20; level += 1)
      chain = Object.assign(new Error(`${level}`, { cause: chain }), { deep, socket });
    expect(recorded(chain)).toMatchObject({ message: '19', cause: { message: '18' } });
  });

  test('one that gives way only at the last moment is stored as its headline', () => {
    let reads = 0;
    const fickle = {
      toJSON(): unknown {
        reads += 1;
        if (reads > 1) throw new Error('not again');
        return 1;
      },
    };
    const back = recorded(Object.assign(new TypeError('x'), { socket, fickle }));
    expect(back).toBeInstanceOf(TypeError);
    expect(Object.keys(back)).toEqual([]);
    expect(back.message).toBe('x');
  });

  test('properties with odd names are kept as such', () => {
    const odd = Object.assign(new Error('x'), { socket }, JSON.parse('{"constructor": 3}'));
    Object.defineProperty(odd, '__proto__', { value: 2, enumerable: true });
    const back = recorded(odd);
    expect(Object.entries(back)).toEqual([
      ['constructor', 3],
      ['__proto__', 2],
    ]);
    expect(back).toBeInstanceOf(Error);
  });
});

describe('whatever was thrown becomes an error', () => {
  test('an error stays itself', () => {
    const error = new TypeError('x');
    expect(errorOf(error)).toBe(error);
  });

  test.each<[unknown, string]>([
    ['out of paper', 'out of paper'],
    ['', ''],
    [undefined, 'Unknown step execution error: undefined'],
    [null, 'Unknown step execution error: null'],
    [7, 'Unknown step execution error: 7'],
    [Symbol('x'), 'Unknown step execution error: Symbol(x)'],
  ])('%o is the message and the cause', (thrown, message) => {
    expect(errorOf(thrown)).toMatchObject({ code: 'WORKFLOW_STEP_FAILED', message, cause: thrown });
  });

  test('an object gives its message and its properties', () => {
    const error = errorOf({ message: 'declined', name: 'no', stack: 'no', reason: 'card', cause: 1 });
    expect(error).toMatchObject({ message: 'declined', name: 'WorkflowError', reason: 'card', cause: 1 });
    expect(error.stack).not.toBe('no');
  });

  test('an object without a message gives its JSON', () => {
    expect(errorOf({ code: 7, message: 'of its own' })).toMatchObject({ code: 7, message: 'of its own' });
    expect(errorOf({ code: 7 })).not.toHaveProperty('details');
    expect(errorOf({ status: 404 })).toMatchObject({ message: '{"status":404}', status: 404 });
    expect(errorOf([1]).message).toBe('[1]');
  });

  test('an inherited message counts', () => {
    class Failure {
      get message(): string {
        return 'from the class';
      }
    }
    expect(errorOf(new Failure()).message).toBe('from the class');
  });

  test.each<[string, unknown, string]>([
    ['has no JSON', { amount: 5n, to: 'x' }, 'an object with the keys amount, to'],
    ['is no JSON', { toJSON: () => undefined }, 'an object with the keys toJSON'],
    [
      'throws whenever it is read',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no');
          },
          get: () => {
            throw new Error('no');
          },
        },
      ),
      'an object with the keys ',
    ],
    [
      'does not even say what it is',
      new Proxy(
        {},
        {
          getPrototypeOf: () => {
            throw new Error('no');
          },
        },
      ),
      '{}',
    ],
  ])('an object that %s', (_name, thrown, message) => {
    expect(errorOf(thrown).message).toMatch(new RegExp(`${message.replaceAll(/[{}]/g, '\\$&')}$`));
  });
});
