import { openJoin as openState } from '../../core/join.ts';
import { limits } from '../../core/limits.ts';
import type { RunStore } from '../../ports/run-store.ts';
import { appendToSegments, foldSegments, type SegmentTable } from '../segments/index.ts';
import { numberValue, textValue } from './attributes.ts';
import { keyItem } from './expression.ts';
import { segmentItemKey } from './keys.ts';
import { decodeSegment, encodeSegment, newestHint, segmentFields } from './record-codec.ts';
import type { Table } from './table.ts';

const log = segmentFields.tokens.attribute;

/** The joins of blocks: see the methods of `RunStore`. `segmentSize`: tokens of a segment. */
export function joinStore(
  table: Table,
  segmentSize: number = limits.segmentTokens,
): Pick<RunStore, 'openJoin' | 'appendToken' | 'loadJoin'> {
  const segments = segmentTable(table);
  return {
    async openJoin({ runId, entry, epoch, ...opening }) {
      const segment = { opening, carry: openState(opening), tokens: [] };
      const item = { ...keyItem(segmentItemKey({ runId, entry, epoch }, 0)), ...encodeSegment(segment) };
      const { won, item: image } = await table.put(
        item,
        { expression: 'attribute_not_exists(#pk)' },
        (found) => {
          const { openedAt, turn } = decodeSegment(found).opening;
          return openedAt === opening.openedAt && turn === opening.turn;
        },
      );
      return image === undefined ? { won: false } : { won, image: decodeSegment(image).opening };
    },

    async appendToken(write) {
      return await appendToSegments(segments, write, segmentSize);
    },

    // A query over several items is no snapshot: the fold leaves out what follows a segment that was not full as read.
    async loadJoin(at) {
      const { pk, sk } = segmentItemKey(at, 0);
      const epoch = sk.slice(0, sk.indexOf('#') + 1);
      const items = await table.range(pk, sk, `${epoch}~`);
      return foldSegments(items.map(decodeSegment), segmentSize);
    },
  };
}

/** The conditional writes on one segment. */
function segmentTable(table: Table): SegmentTable {
  return {
    async append(at, { turn, token, size }) {
      const { won, item } = await table.update(
        {
          key: segmentItemKey(at, at.segment),
          append: { [log]: [numberValue(token)] },
          condition: {
            expression: `#t = :turn AND size(#${log}) < :size AND NOT contains(#${log}, :token)`,
            values: { turn: textValue(turn), size: numberValue(size), token: numberValue(token) },
          },
        },
        // Whether one's own append was lost or another's was first is the same to the one who asks: the token is in.
        () => false,
      );
      if (item === undefined) return { appended: false };
      return { appended: won, image: decodeSegment(item) };
    },

    async open(at, { opening, carry }) {
      const item = {
        ...keyItem(segmentItemKey(at, at.segment)),
        ...encodeSegment({ opening, carry, tokens: [] }),
      };
      await table.put(item, { expression: 'attribute_not_exists(#pk)' }, () => false);
    },

    async hint(at, newest) {
      await table.update(
        {
          key: segmentItemKey(at, 0),
          set: { [newestHint]: numberValue(newest) },
          condition: {
            expression: `attribute_exists(#pk) AND (attribute_not_exists(#${newestHint}) OR #${newestHint} < :newest)`,
            values: { newest: numberValue(newest) },
          },
        },
        () => false,
      );
    },

    async read(at, { consistent }) {
      const item = await table.get(segmentItemKey(at, at.segment), consistent);
      return item === undefined ? undefined : decodeSegment(item);
    },
  };
}
