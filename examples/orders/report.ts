import { money } from './catalog.ts';
import type { Revenue } from './totals.ts';
import type { OrdersResult } from './workflow.ts';

/** The result of a run as text of at most 80 columns. Names that are longer than their column are cut. */
export function report(result: OrdersResult): string {
  const { counts, decision, rejected } = result;
  const verdict = `${decision.approved ? 'approved' : 'rejected'} by ${decision.by}`;
  const lines = [
    `Outcome        ${result.outcome}`,
    `Decision       ${printable(verdict)}${decision.note === undefined ? '' : printable(` (${decision.note})`)}`,
    `Value          ${money(result.totalCents)}`,
    ...(result.receipt === undefined
      ? []
      : [`Receipt        ${result.receipt.id} (paid at attempt ${counts.paymentAttempts ?? 1})`]),
    ...(result.shipment === undefined ? [] : [`Shipment       ${shipmentLine(result.shipment)}`]),
    `Lines          ${counts.lines ?? 0} read, ${result.accepted} accepted, ${rejected.length} rejected`,
    ...table('Revenue by customer', result.byCustomer),
    ...table('Revenue by product', result.byProduct),
  ];
  if (rejected.length > 0) {
    lines.push(
      '',
      'Rejected lines',
      ...rejected.map(({ line, reason }) => `  line ${line}: ${printable(reason)}`),
    );
  }
  return lines.join('\n');
}

function shipmentLine({ parcels, weightGrams }: NonNullable<OrdersResult['shipment']>): string {
  const repeated = parcels.filter(({ attempts }) => attempts > 1).length;
  const kilograms = (weightGrams / 1_000).toFixed(2);
  return `${parcels.length} parcels, ${kilograms} kg, ${repeated} of them booked at a later attempt`;
}

const nameWidth = 40;

function table(title: string, rows: readonly Revenue[]): string[] {
  if (rows.length === 0) return [];
  return [
    '',
    `${title.padEnd(nameWidth + 2)}${'orders'.padStart(8)}${'pieces'.padStart(8)}${'revenue'.padStart(12)}`,
    ...rows.map(
      ({ name, orders, quantity, cents }) =>
        `  ${cut(name).padEnd(nameWidth)}${String(orders).padStart(8)}${String(quantity).padStart(8)}${money(cents).padStart(12)}`,
    ),
  ];
}

/** Names come from a file, and a terminal obeys control characters. */
function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}

function cut(text: string): string {
  const name = printable(text);
  return name.length <= nameWidth ? name : `${name.slice(0, nameWidth - 1)}…`;
}
