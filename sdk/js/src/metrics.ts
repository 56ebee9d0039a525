// Custom metrics. They are made at the top level; the host is asked for each once per virtual user, at first use.

import { drop, metrics } from './host.ts';
import { building, needHost } from './phase.ts';

/** The unit of a trend's values: a plain number, milliseconds, or bytes. */
export type Unit = 'number' | 'time' | 'data';

/** Metrics that were made at the top level, until the script has run there. */
let declared: { declare(): void }[] | undefined = [];

/** Whether the top level still runs: metrics that are made there are declared. */
export function isDeclaring(): boolean {
  return declared !== undefined;
}

/** The top level has run; its metrics go to the host when the component describes itself. */
export function endDeclaring(): () => void {
  const made = declared ?? [];
  declared = undefined;
  return () => made.forEach((metric) => metric.declare());
}

/** A sum: orders placed, bytes uploaded. */
export class Counter {
  #handle?: metrics.Counter;

  /** The counter of that name, the same for all virtual users. */
  constructor(readonly name: string) {
    declared?.push(this);
  }

  /** Has the host know it before anything is added. */
  declare(): void {
    this.#handle ??= new metrics.Counter(this.name);
  }

  /** Adds to the sum; 1 if no value is given. The host drops values that are negative or not finite. */
  add(value: number = 1): void {
    needHost('Counter.add');
    (this.#handle ??= new metrics.Counter(this.name)).add(Number(value));
  }
}

/** A value of which the latest, the least and the greatest are kept: the length of a queue. */
export class Gauge {
  #handle?: metrics.Gauge;

  /** The gauge of that name, the same for all virtual users. */
  constructor(readonly name: string) {
    declared?.push(this);
  }

  /** Has the host know it before anything is set. */
  declare(): void {
    this.#handle ??= new metrics.Gauge(this.name);
  }

  /** Sets the value. */
  set(value: number): void {
    needHost('Gauge.set');
    (this.#handle ??= new metrics.Gauge(this.name)).set(Number(value));
  }
}

/** A share: cache hits, successful logins. */
export class Rate {
  #handle?: metrics.Rate;

  /** The rate of that name, the same for all virtual users. */
  constructor(readonly name: string) {
    declared?.push(this);
  }

  /** Has the host know it before anything is counted. */
  declare(): void {
    this.#handle ??= new metrics.Rate(this.name);
  }

  /** Counts one event that was, or was not, of the kind. */
  add(value: boolean): void {
    needHost('Rate.add');
    (this.#handle ??= new metrics.Rate(this.name)).add(Boolean(value));
  }
}

/** A distribution, of which percentiles are kept: time to checkout, items in a basket. */
export class Trend {
  #handle?: metrics.Trend;

  /** The trend of that name, the same for all virtual users; `unit` decides how values are printed. */
  constructor(
    readonly name: string,
    readonly unit: Unit = 'number',
  ) {
    declared?.push(this);
  }

  /** Has the host know it before anything is added. */
  declare(): void {
    this.#handle ??= new metrics.Trend(this.name, this.unit);
  }

  /** Adds a value, which may be negative. The host drops values that are not finite. */
  add(value: number): void {
    needHost('Trend.add');
    (this.#handle ??= new metrics.Trend(this.name, this.unit)).add(Number(value));
  }
}

const { keys } = Object;

/** A named condition: true or false, or a function of the value. */
export type Conditions<T> = Record<string, boolean | ((value: T) => unknown)>;

/**
 * Records whether what should be true is, and returns whether all of it was. A check that fails does not end the
 * iteration.
 *
 * ```ts
 * check(page, {
 *   'status is 200': (page) => page.status === 200,
 *   'has products': (page) => page.json<Listing>().products.length > 0,
 * });
 * check('order is placed', order.status === 201);
 * ```
 */
export function check<T>(value: T, conditions: Conditions<T>): boolean;
export function check(name: string, passed: boolean): boolean;
export function check(value: unknown, conditions: boolean | Conditions<unknown>): boolean {
  if (building) needHost('check');
  if (typeof conditions !== 'object') {
    metrics.check(String(value), Boolean(conditions));
    return Boolean(conditions);
  }
  let all = true;
  let name = '';
  let waits = false;
  // The quickest of the engine's loops over names, by a factor of two.
  const names = keys(conditions);
  try {
    for (let index = 0; index < names.length && !waits; index++) {
      name = names[index]!;
      const condition = conditions[name];
      const result = typeof condition === 'function' ? condition(value) : condition;
      if (result instanceof Promise) waits = true;
      else {
        metrics.check(name, !!result);
        all &&= !!result;
      }
    }
  } catch (error) {
    // A condition that fails is not met.
    metrics.check(name, false);
    throw error;
  }
  if (waits) throw new TypeError(`check(${JSON.stringify(name)}) does not support async functions: await what it needs before`);
  return all;
}

/** A business operation that is under way, measured until it is ended. Where a function fits, `transaction` is simpler. */
export class Transaction implements Disposable {
  #handle: metrics.Transaction | undefined;

  /** Begins one. */
  constructor(readonly name: string) {
    needHost('Transaction');
    this.#handle = new metrics.Transaction(name);
  }

  /** Marks it as failed. */
  fail(): void {
    this.#handle?.fail();
  }

  /** Ends it, and with it the measurement. `using` does the same. */
  end(): void {
    if (this.#handle) drop(this.#handle);
    this.#handle = undefined;
  }

  [Symbol.dispose](): void {
    this.end();
  }
}

/**
 * Measures what `work` does as one business operation, under a name, and returns what it returns. It counts as failed
 * when `work` throws; the error is handed on. `work` may be asynchronous.
 *
 * ```ts
 * const order = transaction('checkout', () => {
 *   http.post('/basket', { json: item });
 *   return http.post('/checkout');
 * });
 * ```
 */
export function transaction<T>(name: string, work: () => T): T {
  const measured = new Transaction(name);
  const failed = (error: unknown): never => {
    measured.fail();
    measured.end();
    throw error;
  };
  let result: T;
  try {
    result = work();
  } catch (error) {
    return failed(error);
  }
  if (result instanceof Promise) {
    return result.then((value: unknown) => (measured.end(), value), failed) as T;
  }
  measured.end();
  return result;
}

const groups: string[] = [];
let groupsChanged = (): void => {};

/** Has a function called whenever a group begins or ends. */
export function whenGroupsChange(call: () => void): void {
  groupsChanged = call;
}

/** As k6's: a transaction whose name holds those of the groups around it: `group('cart', ...)` in `group('shop', ...)`
 * is `shop::cart`. */
export function group<T>(name: string, work: () => T): T {
  groups.push(name);
  groupsChanged();
  const leave = (): void => {
    groups.pop();
    groupsChanged();
  };
  try {
    const result = transaction(groups.join('::'), work);
    if (!(result instanceof Promise)) return leave(), result;
    return result.then(
      (value: unknown) => (leave(), value),
      (error: unknown) => (leave(), Promise.reject(error)),
    ) as T;
  } catch (error) {
    leave();
    throw error;
  }
}

/** Forgets groups that an iteration's end has cut short. */
export function leaveGroups(): void {
  groups.length = 0;
}

/** The names of the groups around the caller, from the outermost. */
export function openGroups(): readonly string[] {
  return groups;
}
