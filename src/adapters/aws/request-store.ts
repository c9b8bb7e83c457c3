import type { RunStore } from '../../ports/run-store.ts';
import { numberValue, stored } from './attributes.ts';
import { writtenAt } from './block-store.ts';
import { keyItem } from './expression.ts';
import { decisionItemKey } from './keys.ts';
import type { Table } from './table.ts';

/** Of what a request was found to mean. */
const decisionAttribute = 'v';

/** What is known of requests that can come twice: see the method of `RunStore`. */
export function requestStore(table: Table): Pick<RunStore, 'decideRequest'> {
  return {
    async decideRequest({ runId, request, decision, now }) {
      const item = {
        ...keyItem(decisionItemKey(runId, request)),
        [decisionAttribute]: stored.encode(decision),
        [writtenAt]: numberValue(now),
      };
      // A repetition that decided alike is as good as the first: nothing tells the two apart, and nothing has to.
      const write = await table.put(item, { expression: 'attribute_not_exists(#pk)' }, () => false);
      if (write.won) return { won: true, image: decision };
      const kept = write.item?.[decisionAttribute];
      const image = kept === undefined ? undefined : stored.decode(kept);
      return { won: false, ...(image === undefined ? {} : { image }) };
    },
  };
}
