// Virtual users that only think: for weighing one.

import { env, type Flows, sleep } from 'squall';

export const flows: Flows = { idle };

/** Sleeps for `SLEEP` seconds (`-e SLEEP=600`), else for one. */
function idle() {
  sleep(Number(env('SLEEP') ?? 1));
}
