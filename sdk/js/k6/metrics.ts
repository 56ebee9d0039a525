// The module `k6/metrics`. Tags of single values have no place in Squall's metrics, and are left out.

import * as squall from '../src/metrics.ts';

/** A sum. */
export class Counter {
  readonly #metric: squall.Counter;
  constructor(readonly name: string, _isTime?: boolean) {
    this.#metric = new squall.Counter(name);
  }
  add(value: number | boolean, _tags?: object): true {
    this.#metric.add(Number(value));
    return true;
  }
}

/** A value of which the latest, the least and the greatest are kept. */
export class Gauge {
  readonly #metric: squall.Gauge;
  constructor(readonly name: string, _isTime?: boolean) {
    this.#metric = new squall.Gauge(name);
  }
  add(value: number | boolean, _tags?: object): true {
    this.#metric.set(Number(value));
    return true;
  }
}

/** A share. */
export class Rate {
  readonly #metric: squall.Rate;
  constructor(readonly name: string, _isTime?: boolean) {
    this.#metric = new squall.Rate(name);
  }
  add(value: number | boolean, _tags?: object): true {
    this.#metric.add(Boolean(value));
    return true;
  }
}

/** A distribution; with `isTime` of milliseconds. */
export class Trend {
  readonly #metric: squall.Trend;
  constructor(readonly name: string, isTime?: boolean) {
    this.#metric = new squall.Trend(name, isTime ? 'time' : 'number');
  }
  add(value: number | boolean, _tags?: object): true {
    this.#metric.add(Number(value));
    return true;
  }
}

export default { Counter, Gauge, Rate, Trend };
