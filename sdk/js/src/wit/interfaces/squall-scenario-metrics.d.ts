declare module 'squall:scenario/metrics@0.1.0' {
  /**
   * Records whether a condition that should hold did hold. A failed check does not end the iteration.
   */
  export function check(name: string, passed: boolean): void;
  /**
   * Declares, in `describe`, that no other custom metrics will be made than those so far: then a threshold on any
   * other is a mistake, and the run does not begin.
   */
  export function noMoreMetrics(): void;
  /**
   * The names of the tags that thresholds of this run ask for and the host does not set. Other tags need not be set:
   * they are not kept. A component that calls this in `describe` declares that it sets tags; otherwise thresholds on
   * tags of guests are mistakes.
   */
  export function askedTags(): Array<string>;
  /**
   * Tags this virtual user's samples from now on until the end of its iteration: requests, checks, transactions and
   * custom metrics. These tags replace those that were set before.
   */
  export function setTags(tags: Array<[string, string]>): void;
  /**
   * The unit of a trend's values, for reports.
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
    * As `counter`; `unit` decides how values are printed.
    */
    constructor(name: string, unit: Unit)
    /**
    * Adds a value, which may be negative. Three significant digits are kept; values that are not finite are dropped,
    * with one warning.
    */
    add(value: number): void;
    [Symbol.dispose](): void;
  }
}
