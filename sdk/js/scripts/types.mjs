// Writes the types of the host's interfaces, `src/wit/*.d.ts`, from the contract in `wit/`. With `--check` it writes
// nothing and fails if they differ from the contract.

import { createRequire } from 'node:module';
import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join, dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const generator = createRequire(import.meta.url).resolve('@bytecodealliance/jco-transpile');

// The generator is a component itself, and gets no files by default.
const shim = createRequire(generator).resolve('@bytecodealliance/preview2-shim/filesystem');
const { _setPreopens } = await import(pathToFileURL(shim).href);
_setPreopens({ '/': '/' });

const { generateGuestTypes } = await import(pathToFileURL(generator).href);
const wit = await realpath(join(root, 'wit'));
const files = await generateGuestTypes(wit, { worldName: 'scenario-full', outDir: '', guest: true });

const check = process.argv.includes('--check');
for (const [name, bytes] of Object.entries(files)) {
  const path = join(root, 'src/wit', name);
  await mkdir(dirname(path), { recursive: true });
  const text = Buffer.from(bytes).toString();
  if (!check) {
    await writeFile(path, text);
  } else if ((await readFile(path, 'utf8').catch(() => '')) !== text) {
    console.error(`${path} differs from wit/. Run: npm run types`);
    process.exitCode = 1;
  }
}
