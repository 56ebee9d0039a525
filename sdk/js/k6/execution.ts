// The module `k6/execution`, as far as a guest can know.

import * as context from '../src/context.ts';
import * as timing from '../src/timing.ts';
import { state } from './runtime.ts';
import { vuTags } from './tags.ts';

/**
 * A number for this iteration that no other one has, as long as the plan's number of virtual users is the run's.
 * Without gaps if all virtual users iterate as fast as each other: the guest does not see what the others do.
 */
function iterationInTest(): number {
  const load = state.options.scenarios?.[scenario.name] ?? state.options;
  // The virtual users of a scenario have numbers that follow each other, wherever they begin.
  const user = Math.max(0, context.vu() - 1);
  return load.vus === undefined ? context.iteration() + user : context.iteration() * load.vus + (user % load.vus);
}

export const scenario = {
  get name(): string {
    return state.flow ?? 'default';
  },
  get executor(): string {
    return state.options.scenarios?.[this.name]?.executor ?? state.options.executor ?? 'shared-iterations';
  },
  /** When the run began, in milliseconds since 1970. */
  get startTime(): number {
    return Date.now() - timing.now() * 1000;
  },
  get iterationInInstance(): number {
    return iterationInTest();
  },
  get iterationInTest(): number {
    return iterationInTest();
  },
};

export const instance = {
  /** How long the run has lasted, in milliseconds. */
  get currentTestRunDuration(): number {
    return timing.now() * 1000;
  },
};

export const vu = {
  get idInInstance(): number {
    return context.vu();
  },
  get idInTest(): number {
    return context.vu();
  },
  get iterationInInstance(): number {
    return context.iteration();
  },
  get iterationInScenario(): number {
    return context.iteration();
  },
  /** What is set here is on all that the virtual user records: kept as far as thresholds ask for it. */
  tags: vuTags,
  metrics: { tags: vuTags, metadata: {} as Record<string, string> },
};

export const test = {
  /** Ends this iteration, and the run, as a failure. */
  abort(reason?: string): never {
    context.abort(reason ?? 'test.abort() was called');
    throw new Error(`test aborted: ${reason ?? 'test.abort() was called'}`);
  },
  /** Marks the run as failed; it goes on. Squall ends it: there is no failing without ending. */
  fail(reason?: string): void {
    context.abort(reason ?? 'test.fail() was called');
  },
  get options(): object {
    return state.options;
  },
};

export default { scenario, instance, vu, test };
