// Tables, and taking rows from them.

import { data as host, number, u64 } from '../host.ts';
import { needHost } from '../phase.ts';
import { Blob } from './blob.ts';
import { DataError, lifted } from './error.ts';

/** The order of rows. */
export type Policy = 'sequential' | 'random' | 'shuffle' | 'unique-per-vu' | 'once-each';

/** The behaviour after the last row: the first row again, the end of the run, or an error. */
export type AtEnd = 'recycle' | 'stop' | 'error';

/**
 * A table that the run was given (`--data users=users.csv`). It is made at the top level; the host is asked for it once
 * per virtual user, at first use.
 */
export class Feed {
  #handle?: host.Feed;

  /**
   * The feed of that name. Rows come one after the other, and the first follows the last, unless `wishes` or who runs
   * the scenario say otherwise; the latter goes first.
   */
  constructor(
    readonly name: string,
    readonly wishes: { policy?: Policy; atEnd?: AtEnd } = {},
  ) {}

  /**
   * Takes the next row. Throws a `DataError` with the code `exhausted` if no row is left. Where that is to end the run,
   * the run is ending, and an iteration that lets the error pass does not count as failed.
   */
  next(): Row {
    const feed = this.#host();
    const row = lifted(() => feed.next());
    if (row == null) throw new DataError('exhausted', `data ${JSON.stringify(this.name)} is exhausted, and the run ends`);
    return new Row(row);
  }

  /** The row at that index, from 0, whatever the policy; `undefined` beyond the last. */
  at(index: number): Row | undefined {
    const row = this.#host().at(u64(index));
    return row == null ? undefined : new Row(row);
  }

  /** The number of rows: at least one. */
  get length(): number {
    return number(this.#host().length());
  }

  /** The names of the columns, in their order. */
  get columns(): string[] {
    return this.#host().columns();
  }

  #host(): host.Feed {
    needHost('a Feed');
    const { policy, atEnd } = this.wishes;
    return (this.#handle ??= lifted(() => host.Feed.open(this.name, policy, atEnd)));
  }
}

/** A row. The host holds it; only requested values are copied. */
export class Row {
  readonly #row: host.Row;

  constructor(row: host.Row) {
    this.#row = row;
  }

  /** Its index in the file, from 0. */
  get index(): number {
    return number(this.#row.index());
  }

  /**
   * The value in the column of that name. Other values of JSON are returned as JSON: `42`, `true`, `null`, `[1,2]`.
   * Throws if there is no such column, or the row is a JSON object without that field: see `find`.
   */
  get(column: string): string {
    const value = this.find(column);
    if (value === undefined) throw new DataError('other', `a row has no ${JSON.stringify(column)}, which others have`);
    return value;
  }

  /** As `get`; `undefined` if the row is a JSON object without that field. */
  find(column: string): string | undefined {
    return lifted(() => this.#row.get(column)) ?? undefined;
  }

  /** All names and values, in the order of the columns. */
  fields(): Record<string, string> {
    return Object.fromEntries(this.#row.fields());
  }

  /** The whole row as a JSON object, in text: a body to send, for instance. */
  text(): string {
    return this.#row.json();
  }

  /** The whole row as the object that it is in JSON. */
  json(): unknown {
    return JSON.parse(this.text());
  }

  /** The value in the column of that name, to be sent as a body without entering the scenario. */
  blob(column: string): Blob {
    return Blob.of(lifted(() => this.#row.blob(column)));
  }
}
