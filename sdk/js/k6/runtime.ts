// The environment of a k6 script: its globals, and the steps around an iteration.

import type { Hooks } from '../src/component.ts';
import * as context from '../src/context.ts';
import { http, metrics } from '../src/host.ts';
import { dataNeeded, open } from './open.ts';
import { type K6Options, translate } from './options.ts';
import { beginTags } from './tags.ts';
import { webCrypto } from './webcrypto.ts';

/** The state of the run. */
export const state = {
  /** As the script has written them. */
  options: {} as K6Options,
  /** The script's phase: its top level, `setup` or `teardown`, or an iteration. */
  stage: 'init' as 'init' | 'hook' | 'iteration',
  /** The flow that runs, if one does. */
  flow: undefined as string | undefined,
  /** The environment of the scenario that runs. */
  env: {} as Record<string, string>,
};

const NO_HANDLE_SUMMARY =
  "handleSummary is not called: --summary-export FILE writes k6's summary, --summary-json FILE and --report FILE write more";

export const hooks: Hooks = {
  describe() {
    // This call declares that the script sets tags; and a script makes no metrics later.
    metrics.askedTags();
    metrics.noMoreMetrics();
  },
  enter(flow, group = '') {
    state.stage = flow === undefined ? 'hook' : 'iteration';
    state.flow = flow?.name;
    state.env = flow?.env ?? {};
    beginTags(group, flow?.name);
    if (flow === undefined || state.options.noCookiesReset) return;
    // k6's virtual users begin each iteration without cookies.
    http.clearCookies();
  },
  options(options, script) {
    state.options = options as K6Options;
    const translated = translate(state.options);
    if (typeof script.handleSummary === 'function') translated.warnings.push(NO_HANDLE_SUMMARY);
    return translated;
  },
  leavesOut: (hook) => Boolean(hook === 'setup' ? state.options.noSetup : state.options.noTeardown),
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
