import { z } from 'zod';
import type { Order, Rejection } from './csv.ts';
import entries from './data/catalog.json' with { type: 'json' };

/** What can be ordered: its price now, what one piece weighs, and how many there are. */
export const catalogSchema = z.array(
  z.object({
    product: z.string(),
    name: z.string(),
    priceCents: z.number().int(),
    weightGrams: z.number().int(),
    stock: z.number().int(),
  }),
);

/** Products, in the order in which they are offered. */
export type Catalog = z.infer<typeof catalogSchema>;

/** The catalog of the example, `data/catalog.json`. */
export const catalog: Catalog = catalogSchema.parse(entries);

/** Lines that ask for more than what the lines before them have left. Unknown products are the price check's to report. */
export function stockProblems(orders: readonly Order[], products: Catalog): Rejection[] {
  const left = new Map(products.map(({ product, stock }) => [product, stock]));
  return orders.flatMap(({ line, product, quantity }) => {
    const stock = left.get(product);
    if (stock === undefined) return [];
    if (quantity > stock) return [{ line, reason: `${quantity} of ${product} ordered, ${stock} left` }];
    left.set(product, stock - quantity);
    return [];
  });
}

/** Lines whose product is unknown, or whose price is not that of the catalog. */
export function priceProblems(orders: readonly Order[], products: Catalog): Rejection[] {
  const prices = new Map(products.map(({ product, priceCents }) => [product, priceCents]));
  return orders.flatMap(({ line, product, priceCents }) => {
    const price = prices.get(product);
    if (price === undefined) return [{ line, reason: `product ${product} is not in the catalog` }];
    if (price === priceCents) return [];
    return [{ line, reason: `price ${money(priceCents)} is not the catalog's ${money(price)}` }];
  });
}

/** An amount with two decimals, as the orders file writes it. */
export function money(cents: number): string {
  return (cents / 100).toFixed(2);
}
