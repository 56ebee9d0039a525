// Makes a component of a script: the exports of the contract, over the script's exports.

import { describeError } from './errors.ts';
import { context } from './host.ts';
import { log } from './log.ts';
import { forgetWork, isBusy, isThenable, settle } from './loop.ts';
import { endDeclaring, leaveGroups } from './metrics.ts';
import { running } from './phase.ts';
import { type Options, planOf } from './plan.ts';
import { decodeUtf8, encodeUtf8 } from './text.ts';

/** One iteration of a flow; `shared` is the result of `setup`. It may be asynchronous. */
export type Flow<Shared = any> = (shared: Shared) => unknown;

/** A flow with its share of the traffic (1 if none is given; 0: only with `--flow`), or the function alone. */
export type Weighted<Shared = any> = Flow<Shared> | { weight?: number; run: Flow<Shared> };

/** `export const flows: Flows = { browse: { weight: 60, run: browse }, search: { weight: 40, run: search } }` */
export type Flows<Shared = any> = Record<string, Weighted<Shared>>;

/** Set by the build tool: whether the engine runs jobs and timers itself, and waits for the promises that exports return. */
declare const __SQUALL_NATIVE__: boolean;

/** A script's exports. */
export interface Script {
  options?: Options;
  flows?: Flows;
  default?: Flow;
  setup?: () => unknown;
  start?: (shared: unknown) => unknown;
  teardown?: (shared: unknown) => unknown;
  [name: string]: unknown;
}

interface NamedFlow {
  name: string;
  weight: number;
  run: Flow;
  env: Record<string, string>;
}

/** The hooks of the k6 layer. */
export interface Hooks {
  /**
   * Before the script's own function is called: in an iteration, with the flow; else without. `group` is the one that
   * k6 has `setup` and `teardown` in.
   */
  enter?(flow?: { name: string; env: Record<string, string> }, group?: string): void;
  /** The options of a script as a plan, and warnings about what has no effect. */
  options?(options: Options, script: Script): { options: Options; warnings: string[] };
  /** Whether the options skip the script's work before or after the run. */
  leavesOut?(hook: 'setup' | 'teardown'): boolean;
  /** When the component describes itself. */
  describe?(): void;
  /** The data that a run needs besides those of the options. */
  data?(): Options['data'];
}

/** The exports of the component. `load` returns the script, and runs its top level if that has not happened yet. */
export function component(load: () => Script, hooks: Hooks = {}) {
  let script: Script;
  let flows: NamedFlow[];
  let shared: unknown;
  let planned: ReturnType<typeof planOf>;
  let plan: string;
  let declareMetrics: () => void;
  let arrived = false;

  /** The first thing that every export does. */
  function arrive(): void {
    arrived = true;
    running();
    if (flows === undefined) prepare();
  }

  /**
   * Looks at what the script exports. Where its top level runs while the component is built, so does this: mistakes are
   * found then, and what it leaves in memory is shared by all virtual users.
   */
  function prepare(): void {
    script = load();
    declareMetrics = endDeclaring();
    const given = script.options ?? {};
    const { options, warnings } = hooks.options?.(given, script) ?? { options: given, warnings: [] };
    planned = planOf(options, hooks.data?.());
    planned.warnings.unshift(...warnings);
    plan = Object.keys(planned.plan).length > 0 ? JSON.stringify(planned.plan, finite) : '';
    flows = flowsOf(script, planned);
  }

  /** Calls an author's function. An error becomes a text, as errors are in the contract. */
  function call<T>(work: () => T | PromiseLike<T>): T {
    try {
      arrive();
      const result = work();
      if (__SQUALL_NATIVE__) return isThenable(result) ? (result.then(undefined, rethrow) as T) : (result as T);
      return isThenable(result) || isBusy() ? settle(result) : (result as T);
    } catch (error) {
      throw failed(error);
    }
  }

  /** Cleans up after an error; both engines take a thrown text as the error of a `result`. */
  function failed(error: unknown): string {
    leaveGroups();
    forgetWork();
    return describeError(error);
  }

  function rethrow(error: unknown): never {
    throw failed(error);
  }

  function describe() {
    try {
      arrive();
    } catch (error) {
      // The contract has no error here, so this traps. The log has the reason.
      const text = describeError(error);
      log.error(text);
      throw new Error(text);
    }
    declareMetrics();
    hooks.describe?.();
    for (const warning of planned.warnings) log.warn(warning);
    return { flows: flows.map(({ name, weight }) => ({ name, weight })), plan };
  }

  /** `call`, written out for the most frequent calls. */
  function run(index: number): void | PromiseLike<void> {
    try {
      if (!arrived) arrive();
      const flow = flows[index];
      if (flow === undefined) throw new Error('no flow of that index');
      hooks.enter?.(flow);
      const result = flow.run(shared) as PromiseLike<void> | undefined;
      if (__SQUALL_NATIVE__) return isThenable(result) ? result.then(() => undefined, rethrow) : undefined;
      if (result !== undefined || isBusy()) settle(result);
    } catch (error) {
      throw failed(error);
    }
  }

  const setup = {
    setup: (): Uint8Array =>
      call(() => {
        hooks.enter?.(undefined, '::setup');
        const result = hooks.leavesOut?.('setup') ? undefined : script.setup?.();
        return isThenable(result) ? result.then(share) : share(result);
      }),
  };
  const start = {
    start: (bytes: Uint8Array): void =>
      call(() => {
        shared = unshare(bytes);
        hooks.enter?.();
        return script.start?.(shared) as void;
      }),
  };
  /** Ends an export that has no error in the contract: it traps, and the log has the reason. */
  function trap(error: unknown): never {
    const text = String(error);
    context.log('error', text);
    throw new Error(text);
  }

  const teardown = {
    teardown: (bytes: Uint8Array): void => {
      try {
        const done = call(() => {
          hooks.enter?.(undefined, '::teardown');
          return hooks.leavesOut?.('teardown') ? undefined : (script.teardown?.(unshare(bytes)) as void);
        });
        if (__SQUALL_NATIVE__) return (isThenable(done) ? done.then(undefined, trap) : done) as void;
      } catch (error) {
        trap(error);
      }
    },
  };
  return { describe, run, setup, start, teardown, prepare };
}

/** Numbers for JSON: NaN, as of a missing value of the environment, would become null there. */
function finite(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`option ${key} is ${value}: it must be a number`);
  return value;
}

/** The result of `setup` as bytes: JSON. Without a result, no bytes. */
function share(value: unknown): Uint8Array {
  const text = JSON.stringify(value);
  return text === undefined ? new Uint8Array() : encodeUtf8(text);
}

function unshare(bytes: Uint8Array): unknown {
  return bytes.length === 0 ? undefined : JSON.parse(decodeUtf8(bytes));
}

function flowsOf(script: Script, planned: ReturnType<typeof planOf>): NamedFlow[] {
  const own = script.flows === undefined ? [] : Object.entries(script.flows).map(([name, flow]) => named(name, flow));
  if (planned.flows.length > 0) {
    return planned.flows.map(({ name, exec, weight, env }) => {
      const run = own.find((flow) => flow.name === exec)?.run ?? script[exec];
      if (typeof run === 'function') return { name, weight, run: run as Flow, env };
      throw new Error(`scenario ${name} runs ${JSON.stringify(exec)}, but there is no exported function of that name`);
    });
  }
  if (own.length > 0) return own;
  if (typeof script.default === 'function') return [{ name: 'default', weight: 1, run: script.default, env: {} }];
  throw new Error('the script exports neither flows nor a default function: there is nothing to run');
}

function named(name: string, flow: Weighted): NamedFlow {
  const { weight = 1, run } = typeof flow === 'function' ? { run: flow } : flow;
  if (typeof run !== 'function') throw new Error(`flow ${name} is not a function: write { weight: 60, run: ${name} }`);
  if (!Number.isInteger(weight) || weight < 0) throw new Error(`the weight of flow ${name} is not a whole number of at least 0`);
  return { name, weight, run, env: {} };
}
