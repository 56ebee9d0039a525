// From `options`, which are k6's, to what the contract wants: flows with weights, and a plan. Each of k6's scenarios becomes a
// scenario of the plan, and a flow that runs its function with its environment.

import type { AtEnd, Policy } from './data/feed.ts';
import { nanoseconds } from './seconds.ts';

/** A threshold: an expression, alone or with what to do when it fails. */
export type Threshold = string | { threshold: string; abortOnFail?: boolean; delayAbortEval?: string | null };

/** One piece of a ramp: to `target` virtual users, or to that rate, within `duration`. */
export interface Stage {
  duration: string;
  target: number | string;
}

/** How the load is shaped. What is not given is decided by who runs the scenario. */
export interface Load {
  /** `'constant-vus'`, `'ramping-vus'`, `'shared-iterations'`, `'constant-arrival-rate'`, ... Mostly clear from the rest. */
  executor?: string;
  /** Virtual users. */
  vus?: number;
  /** `'30s'`, `'1m30s'`. */
  duration?: string;
  /** How many iterations: in all, or for each virtual user with `per-vu-iterations`. */
  iterations?: number;
  /** A ramp, piece by piece. */
  stages?: readonly Stage[];
  /** Iterations started in each `timeUnit`, however long they take: `100`, or with its own unit `'90/m'`. */
  rate?: number | string;
  /** What a rate is per: `'1s'` unless said otherwise. */
  timeUnit?: string;
  /** The rate at the start of the first stage. */
  startRate?: number | string;
  /** Virtual users at the start of the first stage. */
  startVUs?: number;
  /** Virtual users made before a load of a rate begins. */
  preAllocatedVUs?: number;
  /** Virtual users at most. */
  maxVUs?: number;
  /** How long a number of iterations may take. */
  maxDuration?: string;
  /** How long iterations may go on once the load has ended. */
  gracefulStop?: string;
  /** How long a virtual user that the ramp no longer wants may go on. */
  gracefulRampDown?: string;
}

/** A load of its own, as k6 has it. */
export interface ScenarioOptions extends Load {
  /** The exported function, or the flow, that it runs. */
  exec?: string;
  /** When it begins, from the start of the run. */
  startTime?: string;
  /** Options of its own. */
  env?: Record<string, string>;
  /** Tags of its own. */
  tags?: Record<string, string>;
}

/** `export const options`: the plan that the scenario suggests. Who runs it may override all of it. */
export interface Options extends Load {
  /** Limits that the run has to keep: `{ http_req_duration: ['p(95)<500', 'max<2000'] }`. */
  thresholds?: Record<string, Threshold | readonly Threshold[]>;
  /** Loads of their own, as k6 has them. */
  scenarios?: Record<string, ScenarioOptions>;
  /** Tags of the whole run. */
  tags?: Record<string, string>;
  /** The feeds that a run has to be given: `{ users: { policy: 'shuffle' } }`. Without one of them it does not begin. */
  data?: Record<string, { policy?: Policy; at_end?: AtEnd; format?: 'file' }>;
  /** The base URL of requests that name only a path; `--target`. */
  target?: string;
  /** How long `setup` and `teardown` may take. */
  setupTimeout?: string;
  teardownTimeout?: string;
  /** The least time from the start of a virtual user's iteration to the start of its next. */
  minIterationDuration?: string;
  /** Do not keep bodies, unless a request says otherwise. */
  discardResponseBodies?: boolean;
  /** How many redirects are followed at most. */
  maxRedirects?: number;
  /** Do not ask for a valid certificate. */
  insecureSkipTLSVerify?: boolean;
  /** A new connection for every request. */
  noConnectionReuse?: boolean;
  /** How many connections all virtual users share; without it each has its own. */
  connectionPool?: number;
  /** The `user-agent` of requests that have none. */
  userAgent?: string;
  /** How many requests of a batch are under way together to one origin. */
  batchPerHost?: number;
}

/** A flow as k6's scenarios describe it. */
export interface PlannedFlow {
  name: string;
  /** The exported function. */
  exec: string;
  weight: number;
  env: Record<string, string>;
}

export interface Planned {
  /** The host's plan, to be written as JSON. */
  plan: Record<string, unknown>;
  /** The flows that `scenarios` ask for; none if there are no scenarios. */
  flows: PlannedFlow[];
  /** What of the options will not happen. */
  warnings: string[];
}

const LOAD_KEYS = [
  'executor', 'vus', 'duration', 'iterations', 'stages', 'rate', 'timeUnit', 'startRate', 'startVUs', 'preAllocatedVUs',
  'maxVUs', 'maxDuration', 'gracefulStop', 'gracefulRampDown',
];
const RUN_KEYS = [
  'tags', 'target', 'setupTimeout', 'teardownTimeout', 'minIterationDuration', 'discardResponseBodies', 'maxRedirects',
  'insecureSkipTLSVerify', 'noConnectionReuse', 'userAgent',
];
/** The host's own, which k6 does not have. */
const HOST_KEYS = [
  'max_backlog', 'maxBacklog', 'arrival', 'warmup', 'pacing', 'flow', 'weights', 'env', 'seed', 'threads', 'http',
  'max_series', 'maxSeries', 'cacert', 'requestTimeout', 'connectTimeout', 'batchPerOrigin', 'connectionPool', 'data',
];
/** What this file, and the k6 layer, do by themselves. */
const OWN_KEYS = ['thresholds', 'scenarios', 'batchPerHost'];

/** Translates `options`. `data` is what the run has to be given beside what they say. */
export function planOf(options: Options, data: Options['data'] = {}): Planned {
  const warnings: string[] = [];
  const plan = only(options, [...RUN_KEYS, ...HOST_KEYS]);
  if (options.batchPerHost !== undefined && options.batchPerHost > 0) plan.batchPerHost = options.batchPerHost;
  const given = options as Record<string, unknown>;
  for (const key of Object.keys(options)) {
    const known = [LOAD_KEYS, RUN_KEYS, HOST_KEYS, OWN_KEYS].some((keys) => keys.includes(key));
    if (!known && given[key] != null) warnings.push(`option ${key} is not supported and has no effect`);
  }
  if (Object.keys(data).length > 0) plan.data = { ...options.data, ...data };
  const scenarios = Object.entries(options.scenarios ?? {});
  const flows = scenarios.map(([name, scenario]) => flowOf(name, scenario));
  if (scenarios.length === 0) Object.assign(plan, only(options, LOAD_KEYS));
  else plan.scenarios = Object.fromEntries(scenarios.map(([, scenario], index) => [flows[index]!.name, loadOf(scenario, flows[index]!)]));
  if (options.thresholds !== undefined) plan.thresholds = thresholdsOf(options.thresholds, flows);
  return { plan, flows, warnings };
}

function only(options: object, keys: readonly string[]): Record<string, unknown> {
  const given = options as Record<string, unknown>;
  return Object.fromEntries(keys.filter((key) => given[key] != null).map((key) => [key, given[key]]));
}

/** A name that the host takes. */
function nameOf(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/g, '_');
}

function flowOf(name: string, scenario: ScenarioOptions): PlannedFlow {
  return { name: nameOf(name), exec: scenario.exec ?? 'default', weight: 1, env: scenario.env ?? {} };
}

/** A scenario as the host's plan has it. */
function loadOf(scenario: ScenarioOptions, flow: PlannedFlow): Record<string, unknown> {
  return { ...one(scenario), ...only(scenario, ['startTime', 'env', 'tags']), flow: flow.name };
}

/** The load of one scenario, with what k6 takes where it says nothing. */
function one(load: ScenarioOptions): Record<string, unknown> {
  const plan = only(load, LOAD_KEYS);
  if (load.executor === 'ramping-vus') plan.startVUs ??= 1;
  else if (load.executor !== undefined && !load.executor.endsWith('arrival-rate')) plan.vus ??= 1;
  if (load.executor?.endsWith('-iterations')) plan.iterations ??= 1;
  return plan;
}

function thresholdsOf(
  thresholds: NonNullable<Options['thresholds']>,
  flows: PlannedFlow[],
): Record<string, readonly Threshold[]> {
  const translated: Record<string, readonly Threshold[]> = {};
  for (const [selector, given] of Object.entries(thresholds)) {
    const list = Array.isArray(given) ? (given as readonly Threshold[]) : [given as Threshold];
    const [, metric, tags] = /^([^{]+)(?:\{(.*)\})?$/.exec(selector) ?? [];
    const renamed = metric === 'group_duration' ? 'transaction_duration' : metric;
    const parts: string[] = [];
    for (const part of (tags ?? '').split(',').filter((part) => part.trim() !== '')) {
      const colon = part.indexOf(':');
      const tag = part.slice(0, colon).trim();
      const value = part.slice(colon + 1).trim().replace(/^(["'])(.*)\1$/, '$2');
      if (tag === 'scenario') parts.push(`scenario:${flows.length > 0 ? nameOf(value) : value}`);
      else if (metric === 'group_duration' && tag === 'group') parts.push(`transaction:${value.replace(/^::/, '')}`);
      // Whether samples can have it is the host's to say.
      else parts.push(colon < 0 ? part : `${tag}:${value}`);
    }
    translated[parts.length > 0 ? `${renamed}{${parts.join(',')}}` : (renamed ?? selector)] = list;
  }
  return translated;
}
