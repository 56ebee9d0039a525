// From k6's options, in all the ways that k6 lets them be written, to those of a plan; and those without effect.

import type { Load, Options, Stage, Threshold } from '../src/plan.ts';

/** The options that k6 lets a script export. */
export interface K6Options extends Options {
  noCookiesReset?: boolean;
  throw?: boolean;
  noSetup?: boolean;
  noTeardown?: boolean;
  batch?: number;
  [name: string]: unknown;
}

const COUNTS = ['vus', 'iterations', 'rate', 'startRate', 'startVUs', 'preAllocatedVUs', 'maxVUs', 'maxRedirects', 'batchPerHost'];
export const DURATIONS = [
  'duration', 'maxDuration', 'gracefulStop', 'gracefulRampDown', 'startTime', 'timeUnit', 'setupTimeout', 'teardownTimeout',
  'minIterationDuration',
];
/** Options of this layer, of k6's own services, and of features that Squall never has. */
const DONE_HERE = ['noCookiesReset', 'throw', 'noSetup', 'noTeardown', 'ext', 'cloud', 'noUsageReport'];
/** Options of connections. */
const CONNECTIONS = ['dns', 'hosts', 'tlsVersion', 'tlsCipherSuites', 'tlsAuth'];
/** The default number of concurrent requests of a batch to one host. */
const BATCH_PER_HOST = 6;

/** Features of k6 that Squall does not have, with alternatives, if any. */
const NOT_DONE: Record<string, string> = {
  batch: 'bounds the requests of a batch to each host, not to all hosts together',
  blacklistIPs: 'has no effect: a run reaches nothing but --target and what --allow names',
  blockHostnames: 'has no effect: a run reaches nothing but --target and what --allow names',
  executionSegment: 'has no effect: give each machine its own load',
  executionSegmentSequence: 'has no effect: give each machine its own load',
  httpDebug: 'has no effect: to see requests, write --http-debug',
  paused: 'has no effect: the run begins at once',
  rps: 'has no effect: to bound the rate, use an executor with a rate, or --max-rate',
  summaryTimeUnit: 'has no effect: the summary chooses units itself',
  summaryTrendStats: 'has no effect: the summary always shows the same statistics',
  systemTags: 'has no effect: the tags of samples cannot be chosen',
};

/** The versions of TLS that can be spoken, the lowest first. */
const TLS_VERSIONS = ['tls1.2', 'tls1.3'];
/** Cipher suites that can be spoken. Those of TLS 1.3 are always offered with it, as in k6. */
const SUITES_OF_TLS_13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const SUITES_OF_TLS_12 = ['RSA', 'ECDSA'].flatMap((key) =>
  ['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305_SHA256'].map((cipher) => `TLS_ECDHE_${key}_WITH_${cipher}`),
);

/** The options of connections, whose values k6 writes in its own way. */
function connections(options: K6Options, warnings: string[]): Record<string, unknown> {
  const translated: Record<string, unknown> = {};
  const { dns, hosts, tlsVersion: version, tlsCipherSuites: suites, tlsAuth: certificates } = options as Record<string, unknown>;
  if (isObject(dns) && asksFor(dns)) {
    const parts = Object.entries({ ...dns, ttl: duration(dns.ttl) }).filter(([, part]) => part != null);
    translated.dns = Object.fromEntries(parts);
  }
  if (isObject(hosts) && asksFor(hosts)) translated.hosts = hosts;
  if (asksFor(version)) {
    const { min, max } = isObject(version) ? version : { min: version, max: version };
    // An older one is the lowest that there is; as the highest it could not be kept to.
    if (typeof min === 'string' && (TLS_VERSIONS.includes(min) || min === max)) translated.tls_min = min;
    if (max != null) translated.tls_max = max;
  }
  if (Array.isArray(suites) && suites.length > 0) {
    const known = suites.filter((name) => SUITES_OF_TLS_12.includes(name) || SUITES_OF_TLS_13.includes(name));
    const others = suites.filter((name) => !known.includes(name));
    if (known.length > 0 && others.length > 0) {
      warnings.push(`option tlsCipherSuites: these cannot be spoken, and are left out: ${others.join(', ')}`);
    }
    const of13 = translated.tls_max === 'tls1.2' ? [] : SUITES_OF_TLS_13;
    translated.tlsCipherSuites = known.length > 0 ? [...new Set([...known, ...of13])] : suites;
  }
  if (Array.isArray(certificates) && certificates.length > 0) {
    if (certificates.some(({ password }) => password)) {
      warnings.push('option tlsAuth: passwords have no effect: keys are read as they are (openssl pkey takes a password off)');
    }
    translated.tlsAuth = certificates.map(({ domains, cert, key }) => ({ domains: domains ?? [], cert, key }));
  }
  return translated;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Translates the options of a script. */
export function translate(options: K6Options): { options: Options; warnings: string[] } {
  const translated = spelled(options);
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(NOT_DONE)) {
    if (asksFor(options[name])) warnings.push(`option ${name} ${text}`);
    delete translated[name];
  }
  for (const name of [...DONE_HERE, ...CONNECTIONS]) delete translated[name];
  Object.assign(translated, connections(options, warnings));
  const batch = whole(options.batch);
  if (typeof batch === 'number' && batch > 0) {
    translated.batchPerHost = Math.min(batch, Number(translated.batchPerHost ?? BATCH_PER_HOST));
  }
  if (options.scenarios != null) {
    const scenarios = Object.entries(options.scenarios).map(([name, scenario]) => [name, spelled(scenario)]);
    translated.scenarios = Object.fromEntries(scenarios);
  }
  if (options.thresholds != null) {
    const thresholds = Object.entries(options.thresholds).map(([name, given]) => {
      const list = (Array.isArray(given) ? given : [given]) as Threshold[];
      return [name, list.map(threshold)];
    });
    translated.thresholds = Object.fromEntries(thresholds);
  }
  return { options: translated as Options, warnings };
}

/** Whether an option has an effect: in k6 one that is off or empty has none. */
function asksFor(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.values(value).some((part) => part !== null);
  return Boolean(value);
}

/** The options of a load with counts as numbers, and durations with their units. */
export function spelled(load: Load): Record<string, unknown> {
  const written = { ...load } as Record<string, unknown>;
  for (const name of COUNTS) if (written[name] != null) written[name] = whole(written[name]);
  for (const name of DURATIONS) if (written[name] != null) written[name] = duration(written[name]);
  if (Array.isArray(written.stages)) written.stages = written.stages.filter((stage: Stage) => stage?.duration != null).map(stage);
  return written;
}

function stage({ duration: length, target }: Stage): Stage {
  return { duration: duration(length) as string, target: (whole(target) ?? 0) as number };
}

function threshold(given: Threshold): Threshold {
  if (typeof given === 'string' || given.delayAbortEval == null) return given;
  return { ...given, delayAbortEval: duration(given.delayAbortEval) as string };
}

/** A whole number that may be written as text; empty text is not a number. */
function whole(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return /^[+-]?\d+$/.test(value) ? Number(value) : value === '' ? undefined : value;
}

/** A length of time as text with a unit: numbers and text without one are milliseconds. */
export function duration(value: unknown): unknown {
  if (typeof value === 'number') return `${value}ms`;
  if (typeof value !== 'string') return value;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? `${Number(value)}ms` : value;
}
