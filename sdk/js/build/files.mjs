// Files that a script opens: read when it is built, and put into the component; large ones stay where they are.

import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import { BuildError } from './error.mjs';

/** A file of more bytes is not put into the component, but held by the host. */
const LARGE = 1 << 20;

/** The content of a file of the project, as text or (`binary`) as base64. */
export function fileOf(name, binary, source) {
  return readFileSync(pathOf(name, source), binary ? 'base64' : 'utf8');
}

/** Whether the host is to hold it. */
export function isLarge(name, source) {
  return statSync(pathOf(name, source)).size > LARGE;
}

/** What is known of a large file: what a run has to call it, like none of the `others`, its size, and its path. */
export function largeFile(name, source, others) {
  const path = pathOf(name, source);
  const plain = name.replace(/^file:\/\//, '').replace(/^(\.\.?\/)+/, '').replace(/[^A-Za-z0-9_.-]/g, '_');
  const taken = [...others.values()].map(({ data }) => data);
  let data = plain;
  for (let count = 2; taken.includes(data); count++) data = `${plain}-${count}`;
  return { data, size: statSync(path).size, path };
}

/**
 * The esbuild plugin that takes data from where `open` does: what a script imports must not bring a file of the user's along
 * (`import x from '/home/ada/keys.json'`). Code may come from wherever Node finds it, and packages have data of their own.
 */
export function dataPlugin(source, sdk) {
  const isCode = (path) => /\.[cm]?[jt]sx?$/.test(path);
  const isOfPackage = (path) => path.split(sep).includes('node_modules') || isInside(realpathSync(sdk), path);
  return {
    name: 'squall-data',
    setup(build) {
      build.onLoad({ filter: /.*/, namespace: 'file' }, ({ path, with: attributes }) => {
        if (isCode(path) && attributes?.type === undefined) return undefined;
        const [root, real] = [projectOf(source), realpathSync(path)];
        if (isInside(root, real) || isOfPackage(real)) return undefined;
        return { errors: [{ text: `${path} is outside of the project (${root}); copy it there` }] };
      });
    },
  };
}

function isInside(folder, path) {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Where a file of the project is. */
function pathOf(name, source) {
  const path = resolve(dirname(source), name.replace(/^file:\/\//, ''));
  if (!existsSync(path)) throw new BuildError(`${relative('.', source)}: open(${JSON.stringify(name)}): there is no ${path}`);
  const root = projectOf(source);
  if (!isInside(root, realpathSync(path))) {
    throw new BuildError(
      `${relative('.', source)}: open(${JSON.stringify(name)}): ${path} is outside of the project (${root}); copy it there`,
    );
  }
  return path;
}

/** The project that a script belongs to: the nearest folder with a package.json or .git, else the script's own. */
function projectOf(source) {
  const own = dirname(realpathSync(source));
  for (let folder = own; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) || existsSync(join(folder, '.git'))) return folder;
    if (folder === dirname(folder)) return own;
  }
}
