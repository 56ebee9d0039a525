// Globals that authors expect and the engine does not have: `console`, text encoders; and a `Math.random` and a clock
// that differ between virtual users.

import './promise.ts';

import { settle } from './loop.ts';
import { log } from './log.ts';
import { isKnown } from './phase.ts';
import { fraction } from './random.ts';
import { bytesOf, decodeUtf8, encodeUtf8 } from './text.ts';

Math.random = fraction;

// The build tool's replacement for `await` at the top level of a script.
Object.assign(globalThis, { __squallSettle: settle });

globalThis.console = {
  log: log.info,
  info: log.info,
  debug: log.debug,
  warn: log.warn,
  error: log.error,
  trace: log.debug,
  assert: (passed: unknown, ...values: unknown[]) => {
    if (!passed) log.error('Assertion failed:', ...values);
  },
} as unknown as typeof console;

// A time that was read while building would be the same, old one for every virtual user.
const BuiltIn = Date;
globalThis.Date = new Proxy(BuiltIn, {
  construct(target, values, newTarget) {
    if (values.length === 0) isKnown('the date');
    return Reflect.construct(target, values, newTarget === globalThis.Date ? target : newTarget);
  },
  apply() {
    isKnown('the date');
    return BuiltIn();
  },
  get(target, name) {
    return name === 'now' ? now : Reflect.get(target, name);
  },
});
BuiltIn.prototype.constructor = globalThis.Date;

function now(): number {
  isKnown('the date');
  return BuiltIn.now();
}

// Only one engine has it, and only for scripts that call it.
globalThis.fetch ??= (() => {
  throw new Error('fetch() needs the other engine: build with --engine starlingmonkey; or send requests with http of "squall"');
}) as unknown as typeof fetch;

globalThis.TextEncoder ??= class {
  readonly encoding = 'utf-8';
  encode(text = ''): Uint8Array {
    return encodeUtf8(text);
  }
} as unknown as typeof TextEncoder;

globalThis.TextDecoder ??= class {
  readonly encoding = 'utf-8';
  decode(data: ArrayBuffer | ArrayBufferView = new Uint8Array()): string {
    return decodeUtf8(bytesOf(data)).replace(/^\ufeff/, '');
  }
} as unknown as typeof TextDecoder;
