// The steps from script to component.
//
// The script's top level runs here, once, inside the engine's sandbox, and its state becomes part of the component. Two
// things can come out of that: it needs a file (it is given it, and tried again), or it needs what only the run knows (it
// is built so that each virtual user runs the top level).

import { bundle, surfaceOf } from './bundle.mjs';
import { componentize } from './componentize.mjs';
import { BuildError } from './error.mjs';
import { fileOf, isLarge, largeFile } from './files.mjs';
import { signed } from './signature.mjs';
import { withWorld } from './world.mjs';

export { BuildError };

/** More files than a script opens one by one. */
const MOST_FILES = 1000;

/**
 * Builds; returns the component's bytes, warnings, and the large files that the run has to be given: what it has to call each, and
 * its path. `options` are those of the command line.
 */
export async function build(options) {
  const { exported, fetches } = await surfaceOf(options);
  // Only StarlingMonkey has `fetch`. It waits for responses in a loop of its own, so jobs and timers are left to it, too.
  options.native = fetches && options.engine === 'starlingmonkey' && options.compat === undefined;
  const files = new Map();
  const held = new Map();
  let deferred = false;
  for (;;) {
    const { code, lines, warnings } = await bundle(options, { exported, files, held, deferred });
    const error = await withWorld(exported, (world) => componentize(code, world, options)).then(
      (component) => component,
      (error) => error,
    );
    if (error instanceof BuildError) throw error;
    if (!(error instanceof Error)) {
      return { component: signed(error, options), warnings, data: [...held.values()].map(({ data, path }) => [data, path]) };
    }
    const read = /squall:read (.*?)(?:\n|$)/.exec(error.message)?.[1];
    const missing = /squall:open (b|t) (.*?)(?:\n|$)/.exec(error.message);
    if (read !== undefined && held.delete(read)) {
      files.set(`b ${read}`, fileOf(read, true, options.source));
    } else if (missing && files.size + held.size < MOST_FILES) {
      const [, kind, name] = missing;
      if (kind === 'b' && isLarge(name, options.source)) held.set(name, largeFile(name, options.source, held));
      else files.set(`${kind} ${name}`, fileOf(name, kind === 'b', options.source));
    } else if (!deferred && /squall:defer /.test(error.message)) {
      deferred = true;
    } else {
      throw new BuildError(explain(error.message, lines));
    }
  }
}

/** What the engine said, in words and with the place in the author's file. */
function explain(message, lines) {
  const [first, ...stack] = message
    .replace(/^[\s:]*(?:Error: )?:?\s*/, '')
    .replace(/Failed to \w+ user JavaScript module: (?:Failed to \w+ JavaScript module(?: \w+)?: )?/, '')
    .trim()
    .split('\n');
  const place = placeOf(stack, lines);
  return `the script's top level fails: ${first.replace(/^Error: /, '')}${place ? ` (${place})` : ''}`;
}

/** The innermost place of a stack that is in a file of the author's; as `src/errors.ts` does it at run time. */
function placeOf(stack, { files, lines }) {
  const entries = lines.split(';').map((entry) => entry.split(',').map(Number));
  for (const frame of stack) {
    const [, line, column] = /:(\d+):(\d+)\)?\s*$/.exec(frame) ?? [];
    const found = entries.filter((entry) => entry[0] === Number(line));
    const entry = found.findLast((entry) => entry[1] < Number(column)) ?? found[0];
    if (entry) return `${files[entry[2]]}:${entry[3]}`;
  }
  return undefined;
}
