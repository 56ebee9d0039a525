// The text of an error as the run shows it: the problem, and its place in the author's own file.
//
// The engine sees one bundle. The build tool leaves a table from the bundle's lines to those of the source files.

/** The build tool's table after the bundle. */
interface LineTable {
  files: string[];
  /** Entries joined by `;`: line of the bundle, column, index of the file, line, column; all but lines relative. */
  lines: string;
}

declare global {
  var __squallLines: LineTable | undefined;
}

/** `TypeError: x is not a function at checkout (shop.ts:12:7)`. */
export function describeError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { name, message, stack } = error as Partial<Error>;
  if (message === undefined) return show(error);
  const text = name && name !== 'Error' && name !== 'HttpError' ? `${name}: ${message}` : String(message);
  const place = typeof stack === 'string' ? placeOf(stack) : undefined;
  return place === undefined ? text : `${text} (${place})`;
}

function show(value: object): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** The innermost place of a stack that is in a file of the author's. */
export function placeOf(stack: string): string | undefined {
  if (globalThis.__squallLines === undefined) return undefined;
  for (const frame of stack.split('\n')) {
    const found = /:(\d+):(\d+)\)?\s*$/.exec(frame);
    const place = found && look(globalThis.__squallLines, Number(found[1]), Number(found[2]));
    if (place) return place;
  }
  return undefined;
}

function look({ files, lines }: LineTable, line: number, column: number): string | undefined {
  let best: string[] | undefined;
  for (const entry of lines.split(';')) {
    const fields = entry.split(',');
    if (Number(fields[0]) !== line) continue;
    if (best !== undefined && Number(fields[1]) >= column) break;
    best = fields;
  }
  return best && `${files[Number(best[2])]}:${best[3]}`;
}
