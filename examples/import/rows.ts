import { NonRetryableError } from 'evented-workflows';
import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';

/** The columns of a file of deliveries. They may stand in any order, and others may stand between them. */
const columns = ['delivery', 'product', 'quantity', 'received'] as const;

/** A row as it stands in the file. A field that is missing is empty. */
export const rawRow = z.object({
  /** Line of the file, from 1; a row with line breaks in it has that of its end. */
  line: z.number().int(),
  delivery: z.string(),
  product: z.string(),
  quantity: z.string(),
  received: z.string(),
});

/** See {@link rawRow}. */
export type RawRow = z.infer<typeof rawRow>;

/** A delivery that can be entered: its number, what came, how many pieces, and the day. */
export const delivery = z.object({
  line: z.number().int(),
  delivery: z.string(),
  product: z.string(),
  quantity: z.number().int(),
  received: z.iso.date(),
});

/** See {@link delivery}. */
export type Delivery = z.infer<typeof delivery>;

/** The file cannot be read as a whole: no row of it means anything. */
export class UnreadableFile extends NonRetryableError {
  override readonly name = 'UnreadableFile';
}

/** A row that is no delivery. To try it again would change nothing: somebody has to correct it. */
export class BrokenRow extends NonRetryableError {
  override readonly name = 'BrokenRow';
  readonly line: number;

  constructor(line: number, reason: string) {
    super(`Line ${line}: ${reason}.`);
    this.line = line;
  }
}

const record = z.object({ record: z.record(z.string(), z.string()), info: z.object({ lines: z.number() }) });

/** The rows of a file whose first line names the columns. Throws {@link UnreadableFile}. */
export function readRows(csv: string): RawRow[] {
  if (csv.trim() === '') throw new UnreadableFile('The file is empty; its first line must name the columns.');
  const records = z.array(record).parse(parseText(csv));
  return records.map(({ record: fields, info }) => ({
    line: info.lines,
    delivery: fields.delivery ?? '',
    product: fields.product ?? '',
    quantity: fields.quantity ?? '',
    received: fields.received ?? '',
  }));
}

function parseText(csv: string): unknown {
  try {
    return parse(csv, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      columns: (heading: string[]) => {
        const names = heading.map((name) => name.toLowerCase());
        const missing = columns.filter((column) => !names.includes(column));
        if (missing.length > 0) throw new UnreadableFile(`The first line lacks ${missing.join(', ')}.`);
        return names;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UnreadableFile(`The file is no CSV: ${error.message}.`, { cause: error });
  }
}

/** The delivery on a row. Throws {@link BrokenRow} with what is wrong. */
export function checkRow(row: RawRow): Delivery {
  const { line, quantity, received } = row;
  for (const column of columns) if (row[column] === '') throw new BrokenRow(line, `${column} is empty`);
  if (!/^[1-9]\d{0,4}$/.test(quantity)) {
    throw new BrokenRow(line, `quantity "${quantity}" is not a whole number from 1 to 99999`);
  }
  if (!z.iso.date().safeParse(received).success) {
    throw new BrokenRow(line, `received "${received}" is not a date such as 2026-03-02`);
  }
  return { ...row, quantity: Number(quantity) };
}
