// The module `k6/experimental/csv`.

import Papa from 'papaparse';

import { decodeUtf8 } from '../src/text.ts';
import { SharedArray } from './data.ts';
import type { File } from './fs.ts';

interface CsvOptions {
  delimiter?: string;
  skipFirstLine?: boolean;
  fromLine?: number;
  toLine?: number;
  asObjects?: boolean;
}

type Row = string[] | Record<string, string>;

function rowsOf(file: File, { delimiter = ',', skipFirstLine, fromLine = 0, toLine, asObjects }: CsvOptions): Row[] {
  const { data } = Papa.parse(decodeUtf8(file.content), { delimiter, header: asObjects ?? false, skipEmptyLines: true });
  const first = Math.max(fromLine, skipFirstLine && !asObjects ? 1 : 0);
  return (data as Row[]).slice(first, toLine === undefined ? undefined : toLine + 1);
}

/** All rows of a file, as an array that virtual users share. */
export async function parse(file: File, options: CsvOptions = {}): Promise<unknown[]> {
  return new SharedArray(file.path, () => rowsOf(file, options));
}

/** The rows of a file, one by one. */
export class Parser {
  readonly #rows: Row[];
  #at = 0;

  constructor(file: File, options: CsvOptions = {}) {
    this.#rows = rowsOf(file, options);
  }

  async next(): Promise<{ done: boolean; value: Row | undefined }> {
    const done = this.#at >= this.#rows.length;
    return { done, value: done ? undefined : this.#rows[this.#at++] };
  }
}

export default { parse, Parser };
