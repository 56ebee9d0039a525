// Promises whose jobs are kept in our loop. The build tool lowers `async` functions to them.

// The library looks for timers as it loads.
import { fail, queue } from './loop.ts';

import PromiseOfLibrary from 'promise-polyfill';

PromiseOfLibrary._immediateFn = queue;
PromiseOfLibrary._unhandledRejectionFn = fail;

/** Set by the build tool: whether the engine runs jobs and timers itself. */
declare const __SQUALL_NATIVE__: boolean;

if (!__SQUALL_NATIVE__) globalThis.Promise = PromiseOfLibrary;
