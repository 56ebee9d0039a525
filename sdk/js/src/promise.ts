// Promises whose jobs are kept in our loop. The build tool lowers `async` functions to them.

// The library looks for timers as it loads.
import { fail, queue } from './loop.ts';

import PromiseOfLibrary from 'promise-polyfill';

PromiseOfLibrary._immediateFn = queue;
PromiseOfLibrary._unhandledRejectionFn = fail;

globalThis.Promise = PromiseOfLibrary;
