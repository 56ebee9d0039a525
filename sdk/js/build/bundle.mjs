// From a script, in TypeScript or JavaScript, with all of its imports, to one JavaScript module.

import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Awaits } from './awaits.mjs';
import { tool } from './componentize.mjs';
import { BuildError } from './error.mjs';
import { dataPlugin } from './files.mjs';
import { k6Plugin } from './k6.mjs';
import { lineTable } from './lines.mjs';
import { interfacesOf } from './world.mjs';

const SDK = dirname(dirname(fileURLToPath(import.meta.url)));
const path = (name) => `${SDK}/${name}`;

/** A script's exports by name, whether it calls `fetch`, and the paths of its modules, except for packages. */
export async function surfaceOf(options) {
  const { metafile, outputFiles } = await run(options, { entryPoints: [options.source], metafile: true });
  const [output] = Object.values(metafile.outputs).filter((output) => output.entryPoint !== undefined);
  const modules = Object.keys(metafile.inputs).filter((path) => !path.includes('node_modules/')).map((path) => resolve(path));
  const own = modules.filter((path) => !path.startsWith(`${SDK}/`) && existsSync(path));
  return { exported: output.exports, modules: own, fetches: outputFiles.some(({ text }) => /\bfetch\s*\(/.test(text)) };
}

/**
 * The module that goes into the component. `loading` says when the script's top level runs: `now`, while it is built;
 * `again`, after it has failed so, to see why; `in-run`, in each virtual user.
 */
export async function bundle(options, { exported, files, loading }) {
  const mapFile = `${dirname(options.source)}/squall-bundle.js`;
  const { outputFiles, warnings } = await run(options, {
    stdin: { contents: entry(options, { exported, files, loading }), resolveDir: dirname(options.source), sourcefile: 'squall:entry' },
    outfile: mapFile,
    sourcemap: 'external',
    sourcesContent: false,
  });
  const text = (ending) => outputFiles.find((file) => file.path.endsWith(ending)).text;
  const lines = await lineTable(text('.js.map'), { mapFile, source: options.source, sdk: SDK });
  // Appended, so that no line moves.
  const code = `${text('.js')}globalThis.__squallLines = ${JSON.stringify(lines)};\n`;
  if (options.bundle !== undefined) {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(options.bundle, code);
  }
  return { code, lines, warnings: warnings.map(show) };
}

/** The module that ties the script to the contract. */
function entry(options, { exported, files, loading }) {
  const quoted = (name) => JSON.stringify(name);
  const k6 = options.compat === 'k6';
  const hooks = k6 ? `hooks` : `{}`;
  const lines = [`import ${quoted(path('src/globals.ts'))};`];
  if (k6) {
    lines.push(`import { hooks } from ${quoted(path('k6/runtime.ts'))};`);
    lines.push(`import ${quoted('squall:files')};`);
  }
  lines.push(`import { component } from ${quoted(path('src/component.ts'))};`);
  lines.push(`import { deferLoading, finishLoading, loadAgain } from ${quoted(path('src/phase.ts'))};`);
  const load = `() => require(${quoted(options.source)})`;
  if (loading === 'now') {
    lines.push(`import * as script from ${quoted(options.source)};`);
    lines.push(`const exported = component(() => script, ${hooks});`, `finishLoading();`, `exported.prepare();`);
  } else {
    lines.push(`const exported = component(${load}, ${hooks});`);
    lines.push(loading === 'again' ? `loadAgain(${load}); exported.prepare();` : `deferLoading();`);
  }
  lines.push(`export const { ${['describe', 'run', ...interfacesOf(exported)].join(', ')} } = exported;`);
  options.files = files;
  return lines.join('\n');
}

async function run(options, more) {
  const esbuild = await tool('esbuild');
  const awaits = new Awaits();
  for (;;) {
    try {
      return await esbuild.build(settings(options, more, awaits));
    } catch (error) {
      if (!Array.isArray(error.errors)) throw error;
      if (!awaits.learn(error.errors)) throw new BuildError(`the script cannot be built:\n${error.errors.map(show).join('\n')}`);
    }
  }
}

function settings(options, more, awaits) {
  // The engine's own queue of jobs gets no turn while an export runs (see src/promise.ts), unless it waits for `fetch`.
  const lowered = { 'async-await': false, 'async-generator': false, 'for-await': false, 'top-level-await': true };
  return {
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import', 'module', 'default'],
    target: 'esnext',
    supported: options.native ? {} : lowered,
    loader: { '.txt': 'text', '.csv': 'text', '.html': 'text', '.xml': 'text', '.graphql': 'text', '.proto': 'text' },
    define: {
      __SQUALL_BIGINT__: String(options.engine === 'starlingmonkey'),
      __SQUALL_NATIVE__: String(options.native === true),
    },
    alias: { squall: path('src/index.ts') },
    external: ['squall:scenario/*'],
    // Names in stacks are the author's.
    keepNames: false,
    logLevel: 'silent',
    plugins: [dataPlugin(options.source, SDK), awaits.plugin, ...(options.compat === 'k6' ? [k6Plugin(options, SDK)] : [hint])],
    ...more,
    outdir: more.outfile ? undefined : '/squall',
  };
}

/** The hint for a script that imports from k6. */
const hint = {
  name: 'squall-hint',
  setup(build) {
    build.onResolve({ filter: /^k6(\/|$)|^https:\/\/jslib\.k6\.io\// }, ({ path }) => ({
      errors: [{ text: `${path} is a module of k6. If this is a k6 script, build it with --compat k6` }],
    }));
  },
};

/** An esbuild message with its place: `shop.ts:12:7: ...`. */
function show({ text, location, notes = [] }) {
  const place = location ? `${relative('.', location.file)}:${location.line}:${location.column + 1}: ` : '';
  return [`${place}${text}`, ...notes.map(({ text }) => `  ${text}`)].join('\n');
}

