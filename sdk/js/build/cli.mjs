// The command line of the build tool.

import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { BuildError, build } from './build.mjs';

const USAGE = `Usage: squall-js SOURCE [-o OUTPUT] [options]

Makes a component of a scenario. SOURCE is a script (.ts, .js, .mts, .mjs), or a folder with one: the "main" of its
package.json, else scenario.ts or scenario.js.

  -o, --output FILE      where the component goes; default: the script's name with .wasm
      --compat k6        the script is one of k6's
      --engine NAME      quickjs (default: small, starts fast) or starlingmonkey (large, faster at computing)
      --small            a smaller and slower QuickJS
      --inputs FILE      write which files have gone into the component, as a list in JSON
      --data FILE        write which large files a run has to be given, as JSON: the name of each, and its path
      --bundle FILE      also write the JavaScript that goes into the component
  -h, --help             this text`;

/** Runs the tool; returns the exit status: 0 built, 1 the script cannot be built, 2 the command line is wrong. */
export async function main(words) {
  let options;
  try {
    options = read(words);
  } catch (error) {
    console.error(`squall-js: ${error.message}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  try {
    const started = Date.now();
    const { component, warnings, data, inputs } = await build(options);
    for (const warning of warnings) console.error(`squall-js: warning: ${warning}`);
    mkdirSync(dirname(options.output), { recursive: true });
    writeFileSync(options.output, component);
    if (options.data !== undefined) writeFileSync(options.data, JSON.stringify(Object.fromEntries(data)));
    else for (const [name, path] of data) console.error(`${options.output}: to be run with --data ${name}=file:${path}`);
    if (options.inputs !== undefined) {
      writeFileSync(options.inputs, JSON.stringify(inputs));
      return 0; // The calling program reports the result itself.
    }
    const kilobytes = Math.round(component.length / 1024);
    console.error(`${options.output}: ${kilobytes} KiB in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    return 0;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`squall-js: ${error.message}`);
    return 1;
  }
}

function read(words) {
  const { values, positionals } = parseArgs({
    args: words,
    allowPositionals: true,
    options: {
      output: { type: 'string', short: 'o' },
      compat: { type: 'string' },
      engine: { type: 'string', default: 'quickjs' },
      small: { type: 'boolean', default: false },
      data: { type: 'string' },
      inputs: { type: 'string' },
      bundle: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { help: true };
  if (positionals.length !== 1) throw new Error('name one script or folder');
  if (values.compat !== undefined && values.compat !== 'k6') throw new Error(`--compat knows k6, not ${values.compat}`);
  if (!['quickjs', 'starlingmonkey'].includes(values.engine)) throw new Error(`there is no engine ${values.engine}`);
  const source = scriptIn(resolve(positionals[0]));
  const output = resolve(values.output ?? `${basename(source, extname(source))}.wasm`);
  return { ...values, source, output };
}

function scriptIn(path) {
  if (!existsSync(path)) throw new Error(`${path} does not exist`);
  if (!statSync(path).isDirectory()) return path;
  const manifest = join(path, 'package.json');
  const named = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).main : undefined;
  const candidates = named ? [named] : ['scenario.ts', 'scenario.js', 'src/scenario.ts', 'src/scenario.js', 'index.ts', 'index.js'];
  const found = candidates.map((name) => join(path, name)).find((name) => existsSync(name));
  if (found === undefined) throw new Error(`${path} holds no script: there is no ${candidates.join(', no ')}`);
  return found;
}
