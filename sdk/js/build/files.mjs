// Files that a script opens: read when it is built, and put into the component.

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';

import { BuildError } from './error.mjs';

/** The content of a file of the project, as text or (`binary`) as base64. */
export function fileOf(name, binary, source) {
  const path = resolve(dirname(source), name.replace(/^file:\/\//, ''));
  if (!existsSync(path)) throw new BuildError(`${relative('.', source)}: open(${JSON.stringify(name)}): there is no ${path}`);
  const root = projectOf(source);
  const inside = relative(root, realpathSync(path));
  if (inside.startsWith('..') || isAbsolute(inside)) {
    throw new BuildError(
      `${relative('.', source)}: open(${JSON.stringify(name)}): ${path} is outside of the project (${root}); copy it there`,
    );
  }
  return readFileSync(path, binary ? 'base64' : 'utf8');
}

/** The project that a script belongs to: the nearest folder with a package.json or .git, else the script's own. */
function projectOf(source) {
  const own = dirname(realpathSync(source));
  for (let folder = own; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) || existsSync(join(folder, '.git'))) return folder;
    if (folder === dirname(folder)) return own;
  }
}
