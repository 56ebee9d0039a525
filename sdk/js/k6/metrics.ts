// The module `k6/metrics`.

import * as squall from '../src/metrics.ts';
import { type Tags, withTags } from './tags.ts';

/** As in k6, all metrics are known before the run begins, so a threshold on any other is a mistake. */
function needInit(): void {
  if (!squall.isDeclaring()) throw new Error('metrics must be declared in the init context');
}

/** A sum. */
export class Counter {
  readonly #metric: squall.Counter;
  constructor(readonly name: string, _isTime?: boolean) {
    needInit();
    this.#metric = new squall.Counter(name);
  }
  add(value: number | boolean, tags?: Tags): true {
    withTags(tags, () => this.#metric.add(Number(value)));
    return true;
  }
}

/** A value of which the latest, the least and the greatest are kept. */
export class Gauge {
  readonly #metric: squall.Gauge;
  constructor(readonly name: string, _isTime?: boolean) {
    needInit();
    this.#metric = new squall.Gauge(name);
  }
  add(value: number | boolean, tags?: Tags): true {
    withTags(tags, () => this.#metric.set(Number(value)));
    return true;
  }
}

/** A share. */
export class Rate {
  readonly #metric: squall.Rate;
  constructor(readonly name: string, _isTime?: boolean) {
    needInit();
    this.#metric = new squall.Rate(name);
  }
  add(value: number | boolean, tags?: Tags): true {
    withTags(tags, () => this.#metric.add(Boolean(value)));
    return true;
  }
}

/** A distribution; with `isTime` of milliseconds. */
export class Trend {
  readonly #metric: squall.Trend;
  constructor(readonly name: string, isTime?: boolean) {
    needInit();
    this.#metric = new squall.Trend(name, isTime ? 'time' : 'number');
  }
  add(value: number | boolean, tags?: Tags): true {
    withTags(tags, () => this.#metric.add(Number(value)));
    return true;
  }
}

export default { Counter, Gauge, Rate, Trend };
