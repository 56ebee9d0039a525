declare module 'squall:scenario/metrics@0.1.0' {
  /**
   * Records whether something that should be true was true. A failed check does not end the iteration.
   */
  export function check(name: string, passed: boolean): void;
  /**
   * Says, in `describe`, that no custom metric will be made but those that have been: then a threshold on any other is a
   * mistake, and the run does not begin.
   */
  export function noMoreMetrics(): void;
  /**
   * The names of the tags that thresholds of this run ask for and the host does not give by itself. Other tags need not
   * be set: they are not kept. A component that asks in `describe` says thereby that it sets tags: thresholds on tags of
   * others are mistakes.
   */
  export function askedTags(): Array<string>;
  /**
   * Tags what this virtual user records from now on until the end of its iteration: requests, checks, transactions and
   * custom metrics. These tags replace those that were set before.
   */
  export function setTags(tags: Array<[string, string]>): void;
  /**
   * What a trend's values are, for those who read them.
   * # Variants
   * 
   * ## `"number"`
   * 
   * A plain number.
   * ## `"time"`
   * 
   * A duration, in milliseconds.
   * ## `"data"`
   * 
   * An amount of data, in bytes.
   */
  export type Unit = 'number' | 'time' | 'data';
  
  export class Counter implements Disposable {
    /**
    * The counter of that name, the same for all virtual users. Made where it does not exist yet.
    * A name that is already a metric of another kind gives a counter whose values are dropped, with one warning.
    */
    constructor(name: string)
    /**
    * Adds to the sum. Values that are negative or not finite are dropped, with one warning.
    */
    add(value: number): void;
    [Symbol.dispose](): void;
  }
  
  export class Gauge implements Disposable {
    /**
    * As `counter`.
    */
    constructor(name: string)
    /**
    * Sets the value.
    */
    set(value: number): void;
    [Symbol.dispose](): void;
  }
  
  export class Rate implements Disposable {
    /**
    * As `counter`.
    */
    constructor(name: string)
    /**
    * Counts one event that was, or was not, of the kind.
    */
    add(value: boolean): void;
    [Symbol.dispose](): void;
  }
  
  export class Transaction implements Disposable {
    constructor(name: string)
    /**
    * Marks it as failed (`transaction_failed`).
    */
    fail(): void;
    [Symbol.dispose](): void;
  }
  
  export class Trend implements Disposable {
    /**
    * As `counter`; `unit` says how values are shown.
    */
    constructor(name: string, unit: Unit)
    /**
    * Adds a value. Three significant digits are kept; values that are negative or not finite are dropped, with one
    * warning.
    */
    add(value: number): void;
    [Symbol.dispose](): void;
  }
}
