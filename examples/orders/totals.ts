import type { Order, Rejection } from './csv.ts';

/** What one customer or one product brings in. */
export interface Revenue {
  readonly name: string;
  readonly orders: number;
  readonly quantity: number;
  readonly cents: number;
}

/** Orders without those that a check refused, and every rejected line with its reasons, in the order of the file. */
export function settle(
  orders: readonly Order[],
  ...findings: readonly (readonly Rejection[])[]
): { accepted: Order[]; rejected: Rejection[] } {
  const reasons = new Map<number, string[]>();
  for (const { line, reason } of findings.flat()) reasons.set(line, [...(reasons.get(line) ?? []), reason]);
  return {
    accepted: orders.filter(({ line }) => !reasons.has(line)),
    rejected: [...reasons]
      .toSorted(([a], [b]) => a - b)
      .map(([line, texts]) => ({ line, reason: texts.join('; ') })),
  };
}

/** Value of orders, in cents. */
export function valueOf(orders: readonly Order[]): number {
  return orders.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0);
}

/** Revenue by customer or by product, the largest first. */
export function revenueBy(orders: readonly Order[], key: 'customer' | 'product'): Revenue[] {
  const groups = Map.groupBy(orders, (order) => order[key]);
  return [...groups]
    .map(([name, group]) => ({
      name,
      orders: group.length,
      quantity: group.reduce((sum, { quantity }) => sum + quantity, 0),
      cents: valueOf(group),
    }))
    .toSorted((a, b) => b.cents - a.cents || a.name.localeCompare(b.name, 'en'));
}
