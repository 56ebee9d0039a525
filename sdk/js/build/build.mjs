// The steps from script to component.
//
// The script's top level runs here, once, inside the engine's sandbox, and its state becomes part of the component.
// There are two exceptions. If it needs a file, it gets the file and runs again. If it needs something that only the
// run knows, it is built so that each virtual user runs the top level. After a failure it runs once more, to find out
// which of the two applies.

import { bundle, surfaceOf } from './bundle.mjs';
import { componentize } from './componentize.mjs';
import { BuildError } from './error.mjs';
import { Files } from './files.mjs';
import { signed } from './signature.mjs';
import { withWorld } from './world.mjs';

export { BuildError };

/** Builds. Returns the component's bytes, warnings, the large files for the run (the name of each in the run, and its
 * path), and the paths of the files that it has read. `options` are those of the command line.
 * each, and its path), and the paths of the files that it has read. `options` are those of the command line.
 */
export async function build(options) {
  const { exported, fetches, modules } = await surfaceOf(options);
  // Only StarlingMonkey has `fetch`. It waits for responses in its own loop, so jobs and timers are left to it, too.
  options.native = fetches && options.engine === 'starlingmonkey' && options.compat === undefined;
  const files = new Files(options.source);
  let loading = 'now';
  for (;;) {
    const { code, lines, warnings } = await bundle(options, { exported, files, loading });
    const error = await withWorld(exported, code, (world) => componentize(code, world, options)).then(
      (component) => component,
      (error) => error,
    );
    if (error instanceof BuildError) throw error;
    if (!(error instanceof Error)) {
      return { component: signed(error, options), warnings, data: files.largeOnes(), inputs: [...modules, ...files.paths] };
    }
    if (files.learn(error.message)) continue;
    if (/squall:(defer|after) /.test(error.message) && loading !== 'in-run') {
      // It is not run here any more, so the files that it opens are found in its text.
      if (options.compat === 'k6') {
        files.take(literalNames(code));
        for (const { folders, names } of literalProtos(code)) files.takeProtos(folders, names);
      }
      loading = 'in-run';
    } else if (loading === 'now') {
      loading = 'again';
    } else {
      throw new BuildError(explain(error.message, lines));
    }
  }
}

/** The files that a script opens by a name that it spells out, as kind and name: `['t', './users.csv']`. */
function literalNames(code) {
  const calls = code.matchAll(/\bopen\(\s*"([^"\\\n]+)"\s*(?:,\s*"(b?)"\s*)?\)/g);
  return [...calls].map(([, name, kind]) => [kind || 't', name]);
}

/** The `.proto` files that a script loads by names that it spells out, or has as the last part of `a || 'b'`. */
function literalProtos(code) {
  const calls = code.matchAll(/\.load\(\s*(\[[^\]]*\]|null|undefined)\s*,([^;]*?)\)\s*;/g);
  const texts = (part) => [...part.matchAll(/"([^"\\\n]+)"/g)].map(([, text]) => text);
  const named = new Map([...code.matchAll(/\b(\w+)\s*=\s*[^;\n]*?"([^"\\\n]+\.proto)"\s*;/g)].map(([, name, text]) => [name, text]));
  return [...calls].map(([, folders, names]) => ({
    folders: texts(folders),
    names: [...texts(names), ...names.split(',').map((name) => named.get(name.trim())).filter(Boolean)],
  }));
}

/** The engine's message, with the place in the author's file. */
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
