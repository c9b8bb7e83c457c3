import { CsvError, parse } from 'csv-parse/sync';

/** One valid line of an orders file. Money is in cents, so that sums are exact. */
export interface Order {
  /** Line of the file where it begins; the heading is line 1. */
  readonly line: number;
  readonly order: string;
  readonly customer: string;
  readonly product: string;
  readonly quantity: number;
  readonly priceCents: number;
}

/** A line that is left out, and why. */
export interface Rejection {
  readonly line: number;
  readonly reason: string;
}

/** What a file holds. */
export interface OrdersFile {
  readonly orders: readonly Order[];
  readonly rejected: readonly Rejection[];
  /** Lines with content, without the heading. */
  readonly lines: number;
}

/** The columns of an orders file. They may stand in any order, and others may stand between them. */
const columns = ['order', 'customer', 'product', 'quantity', 'price'] as const;

type Column = (typeof columns)[number];

/**
 * Reads the text of an orders file (RFC 4180: quoted fields, line breaks in them, CRLF or LF, a byte order mark). A line that
 * is no order is reported with its number and does not stop the others; only a file without the columns is refused as
 * a whole, because then no line means anything.
 */
export function readOrders(text: string): OrdersFile {
  const [heading, ...rows] = readRows(text);
  if (heading === undefined)
    throw new Error('The orders file is empty; its first line must name the columns.');
  const places = columnPlaces(heading);
  const width = heading.fields.length;

  const orders: Order[] = [];
  const rejected: Rejection[] = [];
  const seen = new Map<string, number>();
  for (const row of rows) {
    const order = row.problem ?? toOrder(row, places, width);
    if (typeof order === 'string') {
      rejected.push({ line: row.line, reason: order });
      continue;
    }
    const earlier = seen.get(order.order);
    if (earlier !== undefined) {
      rejected.push({ line: row.line, reason: `order ${order.order} was already on line ${earlier}` });
      continue;
    }
    seen.set(order.order, order.line);
    orders.push(order);
  }
  return { orders, rejected, lines: rows.length };
}

/** Fields of one record, or why it has none. */
interface Row {
  readonly line: number;
  readonly fields: readonly string[];
  readonly problem?: string;
}

/**
 * Splits the text into records. A quote that is never closed would swallow everything up to the next one, so after a
 * broken record the reading goes on at the line after the one where it began.
 */
function readRows(text: string): Row[] {
  const bytes = Buffer.from(text.replace(/^\uFEFF/, ''));
  const rows: Row[] = [];
  let start = 0;
  let line = 1;
  for (;;) {
    const width = rows[0]?.fields.length;
    const part = readUntilBroken(bytes.subarray(start), line, width);
    for (const row of part.rows) if (!isBlank(row)) rows.push(row);
    if (part.broken === undefined) return rows;
    rows.push({ line: part.broken.line, fields: [], problem: part.broken.problem });
    start += part.broken.end;
    line = part.broken.line + 1;
  }
}

interface Part {
  readonly rows: readonly Row[];
  /** The record that stopped the reading, and where the line after its first one begins. */
  readonly broken?: { readonly line: number; readonly problem: string; readonly end: number };
}

/** Reads records up to the first one that is broken. `width`: fields of the heading, when that was read before. */
function readUntilBroken(bytes: Buffer, firstLine: number, width: number | undefined): Part {
  const rows: Row[] = [];
  // The parser counts a line break of two characters in a quoted field twice, so lines are counted here.
  let next: Place = { at: 0, line: firstLine };
  let expected = width;
  try {
    parse(bytes, {
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      on_record: (record: string[], info) => {
        const begin = afterEmptyLines(bytes, next);
        expected ??= record.length;
        const isTorn = lineEnd(bytes, begin.at) < info.bytes && record.length !== expected;
        if (isTorn) throw new TornRecord();
        rows.push({ line: begin.line, fields: record });
        next = { at: info.bytes, line: begin.line + linesBetween(bytes, begin.at, info.bytes) };
        return null;
      },
    });
    return { rows };
  } catch (error) {
    const begin = afterEmptyLines(bytes, next);
    const broken = { line: begin.line, problem: quoteProblem(error), end: lineEnd(bytes, begin.at) };
    return { rows, broken };
  }
}

/** A byte, and the line on which it stands. */
interface Place {
  readonly at: number;
  readonly line: number;
}

/** A stray quote met another one lines later, and what lies between would be lost as one record. */
class TornRecord extends Error {}

function afterEmptyLines(bytes: Buffer, from: Place): Place {
  let { at, line } = from;
  while (bytes[at] === 0x0a || bytes[at] === 0x0d) {
    at = lineEnd(bytes, at);
    line += 1;
  }
  return { at, line };
}

function linesBetween(bytes: Buffer, from: number, to: number): number {
  let lines = 0;
  for (let at = from; at < to; at = lineEnd(bytes, at)) lines += 1;
  return lines;
}

/** Where the line that begins at `from` ends, with its line break. */
function lineEnd(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    if (bytes[at] === 0x0a) return at + 1;
    if (bytes[at] === 0x0d) return bytes[at + 1] === 0x0a ? at + 2 : at + 1;
  }
  return bytes.length;
}

function quoteProblem(error: unknown): string {
  if (error instanceof TornRecord) return 'a quoted field is not closed';
  if (!(error instanceof CsvError)) throw error;
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') return 'a quoted field is not closed';
  if (error.code === 'INVALID_OPENING_QUOTE')
    return 'a quote stands inside a field that does not begin with one';
  if (error.code === 'CSV_INVALID_CLOSING_QUOTE') {
    return 'a quoted field is not closed, or text follows its closing quote';
  }
  return error.message;
}

function isBlank(row: Row): boolean {
  return row.fields.length === 1 && row.fields[0] === '';
}

function columnPlaces(heading: Row): Readonly<Record<Column, number>> {
  if (heading.problem !== undefined)
    throw new Error(`The heading on line ${heading.line} cannot be read: ${heading.problem}.`);
  const names = heading.fields.map((field) => field.toLowerCase());
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new Error(
      `The heading on line ${heading.line} lacks ${missing.join(', ')}; it must name the columns ${columns.join(', ')}.`,
    );
  }
  const [order, customer, product, quantity, price] = columns.map((column) => names.indexOf(column)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { order, customer, product, quantity, price };
}

/** The order on a row, or what is wrong with it. */
function toOrder(row: Row, places: Readonly<Record<Column, number>>, width: number): Order | string {
  if (row.fields.length !== width) return `expected ${width} fields, found ${row.fields.length}`;
  const field = (column: Column): string => row.fields[places[column]] ?? '';

  for (const column of columns) if (field(column) === '') return `${column} is empty`;
  const quantity = field('quantity');
  if (!/^[1-9]\d{0,5}$/.test(quantity))
    return `quantity "${quantity}" is not a whole number from 1 to 999999`;
  const price = field('price');
  if (!/^\d{1,7}(\.\d{1,2})?$/.test(price)) return `price "${price}" is not an amount such as 12.50`;

  return {
    line: row.line,
    order: field('order'),
    customer: field('customer'),
    product: field('product'),
    quantity: Number(quantity),
    priceCents: Math.round(Number(price) * 100),
  };
}
