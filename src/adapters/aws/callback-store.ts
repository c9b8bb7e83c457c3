import type { RunStore } from '../../ports/run-store.ts';
import { encodeFields, numberValue, textValue } from './attributes.ts';
import { sweepIndex } from './config.ts';
import { headerWrite } from './header-store.ts';
import { headerKey } from './keys.ts';
import { decodeHeader, headerFields } from './record-codec.ts';
import type { Table } from './table.ts';

const sweep = sweepIndex.sortKey.name;

/** What a header keeps for callbacks and queries: see the methods of `RunStore`. */
export function callbackStore(
  table: Table,
): Pick<RunStore, 'claimCallback' | 'finishCallback' | 'showSnapshot'> {
  return {
    async claimCallback({ runId, mark, owner, leaseUntil, now }) {
      const update = {
        key: headerKey(runId),
        set: encodeFields(headerFields, { callback: { mark, owner, leaseUntil } }),
        condition: {
          expression:
            'attribute_exists(#pk) AND (attribute_not_exists(#cb) OR #cb.#m < :mark OR ' +
            '(#cb.#m = :mark AND attribute_not_exists(#cb.#d) AND #cb.#l < :now))',
          values: { mark: textValue(mark), now: numberValue(now) },
        },
      };
      const written = await table.update(update, (item) => {
        const { callback } = decodeHeader(item);
        return callback?.mark === mark && callback.owner === owner && callback.leaseUntil === leaseUntil;
      });
      return headerWrite(written);
    },

    async finishCallback({ runId, mark, owner, sweepAt }) {
      const update = {
        key: headerKey(runId),
        set: typeof sweepAt === 'number' ? { [sweep]: numberValue(sweepAt) } : {},
        setField: { 'cb.d': { BOOL: true } },
        remove: sweepAt === null ? [sweep] : [],
        condition: {
          expression: '#cb.#m = :mark AND #cb.#o = :owner',
          values: { mark: textValue(mark), owner: textValue(owner) },
        },
      };
      // The condition lets one's own earlier write pass.
      return headerWrite(await table.update(update, () => false));
    },

    async showSnapshot({ runId, mark, snapshot: value }) {
      const update = {
        key: headerKey(runId),
        set: encodeFields(headerFields, { shown: { mark, value } }),
        condition: {
          expression: 'attribute_exists(#pk) AND (attribute_not_exists(#sn) OR #sn.#m < :mark)',
          values: { mark: textValue(mark) },
        },
      };
      return headerWrite(await table.update(update, (item) => decodeHeader(item).shown?.mark === mark));
    },
  };
}
