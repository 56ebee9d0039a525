// The module `k6/secrets`, over the run's `--secret NAME=env` and `--secret NAME=@FILE`.

import * as context from '../src/context.ts';

/** k6's name for the default source. There are no others here: `--secret` is one. */
const DEFAULT = 'default';

async function get(name: string): Promise<string> {
  const secret = context.env(name);
  if (secret === undefined) throw new Error(`no secret ${name}: pass it with --secret ${name}=env or --secret ${name}=@FILE`);
  return secret;
}

export default {
  get,
  source(name: string): { get: typeof get } {
    if (name === DEFAULT) return { get };
    return { get: () => Promise.reject(new Error(`no secret source with name ${JSON.stringify(name)} is configured`)) };
  },
};
