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
/** The default number of concurrent requests of a batch to one host. */
const BATCH_PER_HOST = 6;

/** Features of k6 that Squall does not have, with alternatives, if any. */
const NOT_DONE: Record<string, string> = {
  batch: 'bounds the requests of a batch to each host, not to all hosts together',
  blacklistIPs: 'has no effect: a run reaches nothing but --target and what --allow names',
  blockHostnames: 'has no effect: a run reaches nothing but --target and what --allow names',
  dns: 'has no effect: names are looked up as the system does it',
  executionSegment: 'has no effect: give each machine its own load',
  executionSegmentSequence: 'has no effect: give each machine its own load',
  hosts: 'has no effect: names are looked up as the system does it (write the address into the URL, and the name into a Host header)',
  httpDebug: 'has no effect: to see requests, write --http-debug',
  paused: 'has no effect: the run begins at once',
  rps: 'has no effect: to bound the rate, use an executor with a rate, or --max-rate',
  summaryTimeUnit: 'has no effect: the summary chooses units itself',
  summaryTrendStats: 'has no effect: the summary always shows the same statistics',
  systemTags: 'has no effect: the tags of samples cannot be chosen',
  tlsAuth: 'has no effect: there are no client certificates',
  tlsCipherSuites: 'has no effect: the ciphers cannot be chosen',
  tlsVersion: 'has no effect: the version of TLS cannot be chosen',
};

/** Translates the options of a script. */
export function translate(options: K6Options): { options: Options; warnings: string[] } {
  const translated = spelled(options);
  const warnings: string[] = [];
  for (const [name, text] of Object.entries(NOT_DONE)) {
    if (asksFor(options[name])) warnings.push(`option ${name} ${text}`);
    delete translated[name];
  }
  for (const name of DONE_HERE) delete translated[name];
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
