// The contract with only the optional exports of the script, in its own folder for the time of the build.

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WIT = fileURLToPath(new URL('../wit', import.meta.url));

/** The optional interfaces of a component with those exports. The result of `setup` arrives by `start`. */
export function interfacesOf(exported) {
  const wanted = new Set(['setup', 'start', 'teardown'].filter((name) => exported.includes(name)));
  if (wanted.has('setup')) wanted.add('start');
  return [...wanted];
}

/** Interfaces of the host that a scenario need not import, and those that do name them. */
const OPTIONAL_IMPORTS = ['grpc', 'progress', 'sockets', 'streaming', 'waiting', 'websocket'];

/** Calls `work` with `{ path, name }` of the world of a script that exports those names; `code` is its bundle. */
export async function withWorld(exported, code, work) {
  const folder = mkdtempSync(join(tmpdir(), 'squall-'));
  try {
    cpSync(WIT, folder, { recursive: true, dereference: true });
    const exports = interfacesOf(exported).map((name) => `  export ${name};\n`);
    const named = OPTIONAL_IMPORTS.filter((name) => code.includes(`squall:scenario/${name}@`));
    const imports = named.map((name) => `  import ${name};\n`);
    writeFileSync(
      join(folder, 'script.wit'),
      `package squall:scenario@0.1.0;\n\nworld script {\n  include scenario;\n${imports.join('')}${exports.join('')}}\n`,
    );
    return await work({ path: folder, name: 'script' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
