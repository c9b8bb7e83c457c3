/** Values of every kind that can be stored; anew with each call. */
export function valuesOfEveryKind() {
  const inner = Object.assign(new TypeError('inner', { cause: 'a text' }), { at: new Date(7) });
  return {
    nothing: undefined,
    none: null,
    no: false,
    zero: -0,
    notANumber: Number.NaN,
    endless: Number.POSITIVE_INFINITY,
    big: 2n ** 70n,
    empty: '',
    text: 'ä𝒳\u0000',
    date: new Date(Date.UTC(2026, 1, 3)),
    map: new Map<unknown, unknown>([
      ['key', new Set([1, 'two'])],
      [{ of: 'a key' }, undefined],
    ]),
    bytes: new Uint8Array([0, 255]),
    halves: new Float64Array([0.5, -1]),
    bigs: new BigInt64Array([-1n]),
    buffer: new Uint8Array([1, 2, 3]).buffer,
    view: new DataView(new Uint8Array([4, 5]).buffer),
    pattern: /a+b/gi,
    url: new URL('https://example.com/a?b=c#d'),
    list: [1, undefined, [null], new Date(0)],
    error: Object.assign(new RangeError('wrong', { cause: inner }), {
      statusCode: 402,
      tags: new Set(['x']),
    }),
    several: new AggregateError([new Error('one'), new SyntaxError('two')], 'both'),
    deep: { er: { still: [{ map: new Map([[1n, new Map([['a', Number.NEGATIVE_INFINITY]])]]) }] } },
  };
}

/** What HTTP shows of {@link valuesOfEveryKind}: the table of docs/http.md. */
export const shownValues = {
  none: null,
  no: false,
  zero: 0,
  notANumber: null,
  endless: null,
  big: '1180591620717411303424',
  empty: '',
  text: 'ä𝒳\u0000',
  date: '2026-02-03T00:00:00.000Z',
  map: [
    ['key', [1, 'two']],
    [{ of: 'a key' }, null],
  ],
  bytes: 'AP8=',
  halves: 'AAAAAAAA4D8AAAAAAADwvw==',
  bigs: '//////////8=',
  buffer: 'AQID',
  view: 'BAU=',
  pattern: '/a+b/gi',
  url: 'https://example.com/a?b=c#d',
  list: [1, null, [null], '1970-01-01T00:00:00.000Z'],
  error: {
    name: 'RangeError',
    message: 'wrong',
    statusCode: 402,
    tags: ['x'],
    cause: { name: 'TypeError', message: 'inner', at: '1970-01-01T00:00:00.007Z', cause: 'a text' },
  },
  several: {
    name: 'AggregateError',
    message: 'both',
    errors: [
      { name: 'Error', message: 'one' },
      { name: 'SyntaxError', message: 'two' },
    ],
  },
  deep: { er: { still: [{ map: [['1', [['a', null]]]] }] } },
};

/** A text of a megabyte: too large for a record, and shown by a reference. */
export const megabyte = 'ü'.repeat(512 * 1024);
