// From `options`, which are k6's, to the contract's: flows with weights, and a plan. Each of k6's scenarios becomes a
// scenario of the plan, and a flow that runs its function with its environment.

import type { AtEnd, Policy } from './data/feed.ts';
import { nanoseconds } from './seconds.ts';

/** A threshold: an expression, alone or with its effect on the run. */
export type Threshold = string | { threshold: string; abortOnFail?: boolean; delayAbortEval?: string | null };

/** One piece of a ramp: to `target` virtual users, or to that rate, within `duration`. */
export interface Stage {
  duration: string;
  target: number | string;
}

/** A load, and settings of its samples. The user decides about options that are not set. */
export interface Load {
  /** Virtual users; with stages, the number to start with; with a rate, as `preAllocatedVUs`. */
  vus?: number;
  /** How long virtual users iterate; with iterations, how long these may take: `'30s'`, `'1m30s'`. */
  duration?: string;
  /** The number of iterations: in all, or for each virtual user with `per-vu-iterations`. */
  iterations?: number;
  /** The stages of a ramp: `[{ duration: '30s', target: 100 }]`. */
  stages?: readonly Stage[];
  /**
   * How the load is shaped, where the other options leave a choice: `'constant-vus'`, `'ramping-vus'`,
   * `'shared-iterations'`, `'constant-arrival-rate'`, ...
   */
  executor?: string;
  /** How long a number of iterations may take. */
  maxDuration?: string;
  /** How long iterations may go on once the load has ended. */
  gracefulStop?: string;
  /** How long a virtual user that the ramp no longer needs may go on with its iteration. */
  gracefulRampDown?: string;
  /** Virtual users at the start of the first stage. */
  startVUs?: number;
  /** Iterations started in a second, or in each `timeUnit`, however long they take: `1000`, `'90/m'`. */
  rate?: number | string;
  /** The time that rates without a unit of their own are for. */
  timeUnit?: string;
  /** The rate at the start of the first stage. */
  startRate?: number | string;
  /** Virtual users that are made before an open load begins. */
  preAllocatedVUs?: number;
  /** Virtual users at most, where their number is not fixed. */
  maxVUs?: number;
  /** Whether the iterations of an open load start evenly or at random. */
  arrival?: 'constant' | 'poisson';
  /** How long an iteration of an open load may wait for a virtual user before it is dropped. */
  maxBacklog?: string;
  /** Weights of flows, in place of those that the component describes. */
  weights?: Record<string, number>;
  /** How long a virtual user thinks after an iteration, by flow: `{ browse: '1s..3s' }`. */
  thinkTime?: Record<string, string>;
  /** Thresholds by metric, as k6 writes them: `{ http_req_duration: ['p(95)<500', 'max<2000'] }`. */
  thresholds?: Record<string, Threshold | readonly Threshold[]>;
  /** Options of the scenario, by name. */
  env?: Record<string, string>;
  /** Tags of the whole run, or of a scenario. */
  tags?: Record<string, string>;
  /** The least time from the start of an iteration to the start of the next one of the same virtual user. */
  minIterationDuration?: string;
}

/** A load of its own, as k6 has it. */
export interface ScenarioOptions extends Load {
  /** The exported function, or the flow, that it runs. */
  exec?: string;
  /** When it begins, from the beginning of the load. */
  startTime?: string;
}

/** `export const options`: the plan that the scenario suggests. The user may override all of it. */
export interface Options extends Load {
  /** How long the load warms up before its measurements count: `'30s'`; `'auto'` finds it out. */
  warmup?: string;
  /** How worker threads wait for the next start. */
  pacing?: 'timer' | 'spin';
  /** Run only this flow. */
  flow?: string;
  /** Loads of their own, by name, in place of the one above. */
  scenarios?: Record<string, ScenarioOptions>;
  /** The base URL of requests that name only a path. Refused unless the user says it, too. */
  target?: string;
  /**
   * Data for the scenario, by name: `{ users: { policy: 'shuffle' } }`. Without one of these feeds a run does not
   * begin.
   */
  data?: Record<string, { policy?: Policy; at_end?: AtEnd; format?: 'file' }>;
  /** The origin of all randomness: the same seed, the same choices. */
  seed?: number;
  /** Worker threads; one for each core unless said otherwise. */
  threads?: number;
  /** How long `setup` may take. */
  setupTimeout?: string;
  /** How long `teardown` may take. */
  teardownTimeout?: string;
  /** Series that are kept apart; further ones are counted together. */
  maxSeries?: number;
  /** Accept any TLS certificate. Refused unless the user says it, too. */
  insecureSkipTLSVerify?: boolean;
  /** How long a request may take in all. */
  requestTimeout?: string;
  /** How long opening a connection may take, TLS included. */
  connectTimeout?: string;
  /** Redirects that are followed; 0 for none. */
  maxRedirects?: number;
  /** Open a connection for every request. */
  noConnectionReuse?: boolean;
  /** Read the bodies of responses off the connection and throw them away. */
  discardResponseBodies?: boolean;
  /** The `User-Agent` header of requests that bring none. */
  userAgent?: string;
  /** Connections to one origin that all virtual users share; each has its own unless said otherwise. */
  sharedConnections?: number;
  /** The version of HTTP. */
  httpVersion?: 'auto' | '1.1' | '2' | '2-prior-knowledge' | '3';
  /** Requests that are under way at once on one connection of HTTP/2, if its server allows as many. */
  maxStreams?: number;
  /** Requests of one batch that go to the same origin at once. */
  batchPerOrigin?: number;
  /** k6's name of `batchPerOrigin`. */
  batchPerHost?: number;
  /** Close a virtual user's connections at the end of each iteration, as if another user came. */
  noVUConnectionReuse?: boolean;
  /** Certificates of the client's own by host, as text in PEM. */
  tlsAuth?: { domains?: string[]; cert: string; key?: string }[];
  /** Addresses by host. Refused unless the user places the same hosts. */
  hosts?: Record<string, string>;
  /** The lowest version of TLS: 1.2 or 1.3. */
  tls_min?: string;
  /** The highest version of TLS: 1.2 or 1.3. */
  tls_max?: string;
  /** The cipher suites to offer, by IANA's names, with commas between them; all that are safe unless said otherwise. */
  tlsCipherSuites?: string | string[];
  /** Make a full TLS handshake for each connection, instead of resuming sessions. */
  no_tls_resumption?: boolean;
  /** How names are looked up, in k6's words: ttl=30s, select=random, policy=onlyIPv4. */
  dns?: string | { ttl?: string; select?: string; policy?: string };
  /** The most connections that are opened a second, over the whole run: 500, or 90/m. */
  connectRate?: string;
  /** Let small packets wait for others (Nagle's algorithm). */
  no_tcp_nodelay?: boolean;
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
  /** The flows of `scenarios`; none without scenarios. */
  flows: PlannedFlow[];
  /** Warnings about options without an effect. */
  warnings: string[];
}

/** The load itself: with scenarios, only theirs. */
const LOAD_KEYS = [
  'executor', 'vus', 'duration', 'iterations', 'stages', 'rate', 'timeUnit', 'startRate', 'startVUs', 'preAllocatedVUs',
  'maxVUs', 'maxDuration', 'gracefulStop', 'gracefulRampDown',
];
/** Options that a scenario takes, too, and that default to those of the whole run. */
const SHARED_KEYS = ['arrival', 'maxBacklog', 'max_backlog', 'weights', 'thinkTime', 'env', 'tags', 'minIterationDuration'];
const RUN_KEYS = [
  'target', 'setupTimeout', 'teardownTimeout', 'discardResponseBodies', 'maxRedirects', 'insecureSkipTLSVerify',
  'noConnectionReuse', 'userAgent',
];
/** Options that this file, and the k6 layer, implement. */
const OWN_KEYS = ['thresholds', 'scenarios', 'batchPerHost'];
/** The host's own, which k6 does not have. It refuses `cacert`, with an alternative. */
const HOST_KEYS = [
  'warmup', 'pacing', 'flow', 'seed', 'threads', 'http', 'max_series', 'maxSeries', 'cacert', 'requestTimeout', 'connectTimeout',
  'batchPerOrigin', 'sharedConnections', 'httpVersion', 'maxStreams', 'data',
  'noVUConnectionReuse',
  'tlsAuth', 'hosts', 'tls_min', 'tls_max', 'tlsCipherSuites', 'no_tls_resumption', 'dns', 'connectRate', 'no_tcp_nodelay',
];

/** Translates `options`. `data` are the data that the run needs besides those of the options. */
export function planOf(options: Options, data: Options['data'] = {}): Planned {
  const warnings: string[] = [];
  const plan = only(options, [...SHARED_KEYS, ...RUN_KEYS, ...HOST_KEYS]);
  if (options.batchPerHost !== undefined && options.batchPerHost > 0) plan.batchPerHost = options.batchPerHost;
  const given = options as Record<string, unknown>;
  for (const key of Object.keys(options)) {
    const known = [LOAD_KEYS, SHARED_KEYS, RUN_KEYS, HOST_KEYS, OWN_KEYS].some((keys) => keys.includes(key));
    if (!known && given[key] != null) warnings.push(`option ${key} is not supported and has no effect`);
  }
  if (Object.keys(data).length > 0) plan.data = { ...options.data, ...data };
  const scenarios = Object.entries(options.scenarios ?? {});
  const flows = scenarios.map(([name, scenario]) => flowOf(name, scenario));
  if (scenarios.length === 0) Object.assign(plan, only(options, LOAD_KEYS));
  else {
    const loads = scenarios.map(([, scenario], index) => [flows[index]!.name, loadOf(scenario, flows[index]!, flows)]);
    plan.scenarios = Object.fromEntries(loads);
  }
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
function loadOf(scenario: ScenarioOptions, flow: PlannedFlow, flows: PlannedFlow[]): Record<string, unknown> {
  const plan = { ...one(scenario), ...only(scenario, ['startTime', ...SHARED_KEYS]), flow: flow.name } as Record<string, unknown>;
  // Its flow is called as the scenario is, and not as the function that both run.
  const renamed = (values: object) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name === flow.exec ? flow.name : name, value]));
  if (scenario.weights != null) plan.weights = renamed(scenario.weights);
  if (scenario.thinkTime != null) plan.thinkTime = renamed(scenario.thinkTime);
  if (scenario.thresholds != null) plan.thresholds = thresholdsOf(scenario.thresholds, flows);
  return plan;
}

/** The load of one scenario, with k6's defaults. */
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
      // The host decides whether samples can have it.
      else parts.push(colon < 0 ? part : `${tag}:${value}`);
    }
    translated[parts.length > 0 ? `${renamed}{${parts.join(',')}}` : (renamed ?? selector)] = list;
  }
  return translated;
}
