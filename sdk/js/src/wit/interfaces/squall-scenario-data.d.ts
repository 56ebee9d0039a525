declare module 'squall:scenario/data@0.1.0' {
  /**
   * The order of rows.
   * # Variants
   * 
   * ## `"sequential"`
   * 
   * One after the other; all virtual users take from the same order.
   * ## `"random"`
   * 
   * Any, drawn for each virtual user; the same ones again with the same `--seed`.
   * ## `"shuffle"`
   * 
   * All in a random order (that of the `--seed`), each once before any repeats; all virtual users take from it.
   * ## `"unique-per-vu"`
   * 
   * Each virtual user has its own rows, which no other ever gets.
   * ## `"once-each"`
   * 
   * Each row at most once in the whole run.
   */
  export type Policy = 'sequential' | 'random' | 'shuffle' | 'unique-per-vu' | 'once-each';
  /**
   * The result after the last row. With `unique-per-vu` that is the last row of a virtual user.
   * # Variants
   * 
   * ## `"recycle"`
   * 
   * The first one again.
   * ## `"stop"`
   * 
   * The end of the run, as planned: no new iterations begin.
   * ## `"error"`
   * 
   * An error, for the guest to deal with.
   */
  export type AtEnd = 'recycle' | 'stop' | 'error';
  /**
   * The reasons for missing data. Each text is a sentence with the remedy.
   */
  export type Error = ErrorNotGiven | ErrorUnknownColumn | ErrorExhausted | ErrorOther;
  /**
   * The user has not given it: the text names the `--data` option that does.
   */
  export interface ErrorNotGiven {
    tag: 'not-given',
    val: string,
  }
  /**
   * There is no such column.
   */
  export interface ErrorUnknownColumn {
    tag: 'unknown-column',
    val: string,
  }
  /**
   * No row is left, and the feed is to end with an error.
   */
  export interface ErrorExhausted {
    tag: 'exhausted',
    val: string,
  }
  /**
   * Anything else: rows of a file without rows, or a policy that cannot be kept.
   */
  export interface ErrorOther {
    tag: 'other',
    val: string,
  }
  
  export class Blob implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * The file with the user's name for it (`--data NAME=file:PATH`).
    */
    static open(name: string): Blob;
    /**
    * The number of bytes.
    */
    length(): bigint;
    /**
    * A copy of at most `length` bytes from `offset` on; fewer, or none, at the end.
    */
    read(offset: bigint, length: number): Uint8Array;
    [Symbol.dispose](): void;
  }
  
  export class Feed implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * The feed with the user's name for it. Policy and end are suggestions: the user's options come first. Without
    * either, rows are `sequential`, and the first follows the last (`recycle`; with `once-each`, `stop`).
    */
    static open(name: string, policy: Policy | undefined, atEnd: AtEnd | undefined): Feed;
    /**
    * The number of rows: at least one.
    */
    length(): bigint;
    /**
    * The names of the columns, in their order.
    */
    columns(): Array<string>;
    /**
    * The next row; none if no row is left and the run is to stop. It is stopping then, and an iteration that returns
    * an error afterwards counts as interrupted, not as failed.
    */
    next(): Row | undefined;
    /**
    * The row at that index, from 0, whatever the policy; none beyond the last.
    */
    at(index: bigint): Row | undefined;
    [Symbol.dispose](): void;
  }
  
  export class Row implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Its index in the file, from 0.
    */
    index(): bigint;
    /**
    * The value in the column of that name; none if it is a JSON object without that field. Text is returned
    * unchanged; other values of JSON are returned as JSON ("42", "true", "null", "[1,2]").
    */
    get(column: string): string | undefined;
    /**
    * All names and values, in the order of the columns, values as by `get`.
    */
    fields(): Array<[string, string]>;
    /**
    * The whole row as a JSON object.
    */
    json(): string;
    /**
    * The value in the column of that name, to be sent as a body without entering the guest.
    */
    blob(column: string): Blob;
    [Symbol.dispose](): void;
  }
}
