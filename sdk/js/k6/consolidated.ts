// The options of a script as `exec.test.options` shows them: every option there is, the load as scenarios, all of it
// frozen.

import type { Load } from '../src/plan.ts';
import { nanoseconds } from '../src/seconds.ts';
import { DURATIONS, type K6Options, spelled } from './options.ts';

const NAMES = [
  'paused', 'scenarios', 'executionSegment', 'executionSegmentSequence', 'noSetup', 'setupTimeout', 'noTeardown',
  'teardownTimeout', 'rps', 'dns', 'maxRedirects', 'userAgent', 'batch', 'batchPerHost', 'httpDebug', 'insecureSkipTLSVerify',
  'tlsCipherSuites', 'tlsVersion', 'tlsAuth', 'throw', 'thresholds', 'blacklistIPs', 'blockHostnames', 'hosts',
  'noConnectionReuse', 'noVUConnectionReuse', 'minIterationDuration', 'ext', 'summaryTrendStats', 'summaryTimeUnit',
  'systemTags', 'tags', 'metricSamplesBufferSize', 'noCookiesReset', 'discardResponseBodies', 'consoleOutput', 'localIPs',
];
/** Options of each executor besides the common ones. */
const OF_EXECUTOR: Record<string, string[]> = {
  'shared-iterations': ['vus', 'iterations', 'maxDuration'],
  'per-vu-iterations': ['vus', 'iterations', 'maxDuration'],
  'constant-vus': ['vus', 'duration'],
  'ramping-vus': ['startVUs', 'stages', 'gracefulRampDown'],
  'constant-arrival-rate': ['rate', 'timeUnit', 'duration', 'preAllocatedVUs', 'maxVUs'],
  'ramping-arrival-rate': ['startRate', 'timeUnit', 'stages', 'preAllocatedVUs', 'maxVUs'],
  'externally-controlled': ['vus', 'duration', 'maxVUs'],
};
const OF_ALL = ['executor', 'startTime', 'gracefulStop', 'env', 'exec', 'tags'];

/** All of them. Options that are not set are null. */
export function consolidated(options: K6Options): object {
  const given = shown(options);
  const all = Object.fromEntries(NAMES.map((name) => [name, given[name] ?? null]));
  const scenarios = options.scenarios ?? { default: shortcut(options) };
  all.scenarios = Object.fromEntries(Object.entries(scenarios).map(([name, load]) => [name, scenario(load)]));
  return freeze(all);
}

/** The scenario that k6 makes of options without one. */
function shortcut({ vus, iterations, duration, stages }: Load): Load {
  if (iterations != null) return { executor: 'shared-iterations', vus, iterations, maxDuration: duration };
  if (duration != null) return { executor: 'constant-vus', vus, duration };
  if (stages != null && stages.length > 0) return { executor: 'ramping-vus', startVUs: vus, stages };
  return { executor: 'per-vu-iterations' };
}

function scenario(load: Load): Record<string, unknown> {
  const given = shown(load);
  const names = [...OF_ALL, ...(OF_EXECUTOR[load.executor ?? ''] ?? [])];
  return Object.fromEntries(names.map((name) => [name, given[name] ?? null]));
}

/** Durations as Go writes them. */
function shown(load: Load): Record<string, unknown> {
  const written = spelled(load);
  for (const name of DURATIONS) if (typeof written[name] === 'string') written[name] = goDuration(written[name]);
  if (Array.isArray(written.stages)) {
    written.stages = written.stages.map(({ duration, target }) => ({ duration: goDuration(duration), target }));
  }
  return written;
}

/** `1m30s`, `1h0m0s`, `500ms`: larger units bring all smaller ones with them. */
export function goDuration(text: string): string {
  const time = nanoseconds(text);
  if (time === 0) return '0s';
  if (time < 1e9) return time < 1e3 ? `${time}ns` : time < 1e6 ? `${time / 1e3}µs` : `${time / 1e6}ms`;
  const seconds = (time % 60e9) / 1e9;
  const minutes = Math.floor(time / 60e9) % 60;
  const hours = Math.floor(time / 3600e9);
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
