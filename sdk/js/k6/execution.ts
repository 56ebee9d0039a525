// The module `k6/execution`.

import * as progress from 'squall:scenario/progress@0.1.0';

import * as context from '../src/context.ts';
import { number } from '../src/host.ts';
import * as timing from '../src/timing.ts';
import { consolidated } from './consolidated.ts';
import { state } from './runtime.ts';
import { vuTags } from './tags.ts';

/** The current scenario; an error, in k6's words, outside of one. */
function current() {
  const known = state.stage === 'iteration' ? progress.scenario() : undefined;
  if (!known) throw new Error('getting scenario information outside of the VU context is not supported');
  return known;
}

/** At the top level of a script, k6 throws for values of the run. */
function needRun(what: string): void {
  if (state.stage === 'init') throw new Error(`getting ${what} in the init context is not supported`);
}

function iterationInScenario(): number {
  current();
  return number(progress.iterationInScenario());
}

export const scenario = {
  get name(): string {
    const { name } = current();
    return state.flow ?? name;
  },
  get executor(): string {
    return current().executor;
  },
  /** When it began, in milliseconds since 1970. */
  get startTime(): number {
    return Math.round(Date.now() - (timing.now() * 1000 - number(current().began) / 1e6));
  },
  /** The completed share of it, from 0 to 1. */
  get progress(): number {
    return current().done;
  },
  get iterationInInstance(): number {
    return iterationInScenario();
  },
  get iterationInTest(): number {
    return iterationInScenario();
  },
};

/** All counts of the instance. */
function counts() {
  needRun('instance information');
  return progress.count();
}

export const instance = {
  /** The time since the run began, in milliseconds. */
  get currentTestRunDuration(): number {
    needRun('instance information');
    return timing.now() * 1000;
  },
  get iterationsCompleted(): number {
    return number(counts().iterationsCompleted);
  },
  get iterationsInterrupted(): number {
    return number(counts().iterationsInterrupted);
  },
  get vusActive(): number {
    return number(counts().vusActive);
  },
  get vusInitialized(): number {
    return number(counts().vusInitialized);
  },
};

/** A number of this virtual user. */
function own(value: () => number): number {
  needRun('VU information');
  return value();
}

export const vu = {
  get idInInstance(): number {
    return own(context.vu);
  },
  get idInTest(): number {
    return own(context.vu);
  },
  get iterationInInstance(): number {
    return own(context.iteration);
  },
  get iterationInScenario(): number {
    return own(context.iteration);
  },
  /** Tags of all samples of the virtual user, kept as far as thresholds ask for them. */
  tags: vuTags,
  metrics: { tags: vuTags, metadata: {} as Record<string, string> },
};

let options: object | undefined;

export const test = {
  /** Ends this iteration, and the run, as a failure. */
  abort(reason?: string): never {
    context.abort(reason ?? 'test.abort() was called');
    throw new Error(`test aborted: ${reason ?? 'test.abort() was called'}`);
  },
  /** Marks the run as failed, which in k6 continues. Squall ends it: it has no failure without an end. */
  fail(reason?: string): void {
    context.abort(reason ?? 'test.fail() was called');
  },
  /** The options as in k6. They are the script's, without overrides on the command line. */
  get options(): object {
    needRun('test options');
    return (options ??= consolidated(state.options));
  },
};

export default { scenario, instance, vu, test };
