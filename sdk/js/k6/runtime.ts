// What surrounds a k6 script: its globals, and what happens around an iteration.

import { jars } from 'squall:jars';

import type { Hooks } from '../src/component.ts';
import * as context from '../src/context.ts';
import { http, metrics } from '../src/host.ts';
import type { Options } from '../src/plan.ts';
import { dataNeeded, open } from './open.ts';
import { beginTags } from './tags.ts';
import { webCrypto } from './webcrypto.ts';

/** k6's options that only this layer looks at. */
export interface K6Options extends Options {
  noCookiesReset?: boolean;
  throw?: boolean;
  discardResponseBodies?: boolean;
}

/** What is known of the run. */
export const state = {
  options: {} as K6Options,
  /** The flow that runs, if one does. */
  flow: undefined as string | undefined,
  /** The environment of the scenario that runs. */
  env: {} as Record<string, string>,
  /** What is to be forgotten at the start of an iteration: cookies that are kept in the guest. */
  onIteration: [] as (() => void)[],
};

export const hooks: Hooks = {
  describe() {
    // Who asks says thereby that it sets tags; and a script makes no metrics later.
    metrics.askedTags();
    metrics.noMoreMetrics();
  },
  enter(flow, group = '') {
    state.flow = flow?.name;
    state.env = flow?.env ?? {};
    beginTags(group);
    if (flow === undefined || state.options.noCookiesReset) return;
    // k6's virtual users come to each iteration without cookies.
    http.clearCookies();
    if (jars) for (const forget of state.onIteration) forget();
  },
  options(options) {
    state.options = options as K6Options;
  },
  data: dataNeeded,
};

const environment = new Proxy({} as Record<string, string>, {
  get: (own, name) => (typeof name === 'symbol' ? undefined : (own[name] ?? state.env[name] ?? context.env(name))),
  has: (own, name) => typeof name === 'string' && (name in own || name in state.env || context.env(name) !== undefined),
});

Object.defineProperties(globalThis, {
  __ENV: { value: environment },
  __VU: { get: context.vu },
  __ITER: { get: context.iteration },
  open: { value: open },
  crypto: { value: webCrypto },
});
