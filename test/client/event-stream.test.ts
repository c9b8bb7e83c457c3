import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventStreamParser, type StreamMessage } from '../../src/client/event-stream.ts';

const encoder = new TextEncoder();

function parse(...chunks: (string | Uint8Array)[]): StreamMessage[] {
  const parser = new EventStreamParser();
  return chunks.flatMap((chunk) => parser.push(typeof chunk === 'string' ? encoder.encode(chunk) : chunk));
}

const message = (data: string, more: Partial<StreamMessage> = {}): StreamMessage => ({
  event: '',
  data,
  id: '',
  retry: undefined,
  ...more,
});

describe('a stream of server-sent events', () => {
  test.each<[string, string, StreamMessage[]]>([
    ['a message', 'data: a\n\n', [message('a')]],
    ['several lines of data', 'data: a\ndata:b\ndata:  c\ndata\n\n', [message('a\nb\n c\n')]],
    [
      'a name, for this message only',
      'event: done\ndata: 1\n\ndata: 2\n\n',
      [message('1', { event: 'done' }), message('2')],
    ],
    [
      'an id, for those that follow too',
      'id: 7\ndata: 1\n\ndata: 2\n\nid\ndata: 3\n\n',
      [message('1', { id: '7' }), message('2', { id: '7' }), message('3')],
    ],
    ['an id without data', 'id: 7\n\n', [message('', { id: '7' })]],
    ['an id with a null is none', 'id: a\0b\ndata: 1\n\n', [message('1')]],
    ['a pause', 'retry: 250\n\ndata: 1\n\n', [message('1', { retry: 250 })]],
    ['no pause', 'retry: -1\nretry: 2s\ndata: 1\n\n', [message('1')]],
    ['comments and unknown fields', ': hi\nfoo: bar\n:\ndata: 1\n\n', [message('1')]],
    ['a name without data', 'event: x\n\n', []],
    ['a colon in the data', 'data: {"a": 1}\n\n', [message('{"a": 1}')]],
    [
      'all kinds of line ends',
      'data: 1\r\n\r\ndata: 2\r\rdata: 3\n\n',
      [message('1'), message('2'), message('3')],
    ],
    ['a byte order mark', '\uFEFFdata: 1\n\n', [message('1')]],
    ['no message that was broken off', 'data: 1\n\ndata: 2\n', [message('1')]],
  ])('has %s', (_, text, messages) => {
    expect(parse(text)).toEqual(messages);
  });

  test('a message is there as soon as its line is, though half of a line break is missing', () => {
    const parser = new EventStreamParser();
    expect(parser.push(encoder.encode('data: 1\r\n\r'))).toEqual([message('1')]);
    expect(parser.push(encoder.encode('\ndata: 2\r\n\r\n'))).toEqual([message('2')]);
  });

  test('the borders of chunks do not matter', () => {
    const line = fc.constantFrom(
      'data: ä€😀',
      'data',
      'id: 1',
      'event: done',
      'retry: 9',
      ': ü',
      '',
      '',
      'data: x: y',
    );
    const end = fc.constantFrom('\n', '\r\n', '\r');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(line, end), { maxLength: 20 }),
        fc.array(fc.nat(80), { maxLength: 30 }),
        (lines, cuts) => {
          const bytes = encoder.encode(lines.flat().join(''));
          const borders = [
            0,
            ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b),
            bytes.length,
          ];
          const chunks = borders.slice(1).map((border, index) => bytes.slice(borders[index], border));
          expect(parse(...chunks)).toEqual(parse(bytes));
        },
      ),
    );
  });
});
