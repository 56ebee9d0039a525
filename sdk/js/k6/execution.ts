// The module `k6/execution`.

import * as progress from 'squall:scenario/progress@0.1.0';

import * as context from '../src/context.ts';
import { number } from '../src/host.ts';
import * as timing from '../src/timing.ts';
import { consolidated } from './consolidated.ts';
import { state } from './runtime.ts';
import { vuTags } from './tags.ts';

/** What is known of the scenario that runs; an error, in k6's words, where none does. */
function current() {
  const known = state.stage === 'iteration' ? progress.scenario() : undefined;
  if (!known) throw new Error('getting scenario information outside of the VU context is not supported');
  return known;
}

/** Where the top level of a script asks for what only a run has, k6 throws. */
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
  /** How much of it is done, from 0 to 1. */
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
  /** How long the run has lasted, in milliseconds. */
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
  /** What is set here is on all that the virtual user records: kept as far as thresholds ask for it. */
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
  /** Marks the run as failed; it goes on. Squall ends it: there is no failing without ending. */
  fail(reason?: string): void {
    context.abort(reason ?? 'test.fail() was called');
  },
  /** The options as k6 shows them. They are the script's: what the command line says instead is not among them. */
  get options(): object {
    needRun('test options');
    return (options ??= consolidated(state.options));
  },
};

export default { scenario, instance, vu, test };
