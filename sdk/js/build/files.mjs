// A script's files: read when it is built, and put into the component; large ones stay outside.

import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import { BuildError } from './error.mjs';

/** A file of more bytes is not put into the component, but held by the host. */
const LARGE = 1 << 20;

/** More files than a script opens one by one. */
const MOST_FILES = 1000;

/** The files of a script that go into its component or, if they are large, along with it. */
export class Files {
  /** By kind and name: text, or base64. */
  embedded = new Map();
  /** Large ones by name: each with its name in the run, its size, and its path. */
  held = new Map();
  /** The paths of all requested files, existing or not. */
  paths = new Set();
  #source;

  constructor(source) {
    this.#source = source;
  }

  /** Reads in a failure of the script which file it needs; true if that file is there from now on. */
  learn(message) {
    const read = /squall:read (.*?)(?:\n|$)/.exec(message)?.[1];
    if (read !== undefined && this.held.delete(read)) {
      this.embedded.set(`b ${read}`, readFileSync(pathOf(read, this.#source), 'base64'));
      return true;
    }
    const sought = /squall:find (.*?)(?:\n|$)/.exec(message)?.[1];
    if (sought !== undefined && this.embedded.size < MOST_FILES) return this.#find(JSON.parse(sought), /squall:after /.test(message));
    const missing = /squall:open (b|t) (.*?)(?:\n|$)/.exec(message);
    if (missing === null || this.embedded.size + this.held.size >= MOST_FILES) return false;
    // The name may depend on the run: then the run looks for it.
    const fromRun = /squall:after /.test(message);
    return this.#add(missing[1], missing[2], fromRun);
  }

  /** The first file that is there. */
  #find(names, ifThere) {
    const name = names.find((name) => existsSync(absolute(name, this.#source))) ?? names[0];
    return this.#add('t', name, ifThere);
  }

  /** Takes `.proto` files, in whichever of the folders they are, and all that they import. */
  takeProtos(folders, names) {
    const missing = [...names];
    for (let name = missing.pop(); name !== undefined; name = missing.pop()) {
      const places = folders.length > 0 ? folders.map((folder) => join(folder, name)) : [name];
      const place = places.find((place) => existsSync(absolute(place, this.#source)));
      if (place === undefined || this.embedded.has(`t ${place}`) || this.embedded.size >= MOST_FILES) continue;
      // As the script names it.
      const key = folders.length > 0 && folders[places.indexOf(place)] !== '.' ? `${folders[places.indexOf(place)].replace(/\/$/, '')}/${name}` : name;
      if (!this.#add('t', key, true)) continue;
      const imports = this.embedded.get(`t ${key}`).matchAll(/^\s*import\s+(?:public\s+|weak\s+)?"([^"]+)"\s*;/gm);
      missing.push(...[...imports].map(([, imported]) => imported));
    }
  }

  /** Takes those of the files that are there. */
  take(names) {
    for (const [kind, name] of names) if (this.embedded.size + this.held.size < MOST_FILES) this.#add(kind, name, true);
  }

  /** The names of the large files in the run, with their paths. */
  largeOnes() {
    return [...this.held.values()].map(({ data, path }) => [data, path]);
  }

  #add(kind, name, ifThere) {
    if (this.embedded.has(`${kind} ${name}`) || this.held.has(name)) return true;
    this.paths.add(absolute(name, this.#source));
    try {
      const path = pathOf(name, this.#source);
      const { size } = statSync(path);
      if (kind === 'b' && size > LARGE) this.held.set(name, { data: this.#dataName(name), size, path });
      else this.embedded.set(`${kind} ${name}`, readFileSync(path, kind === 'b' ? 'base64' : 'utf8'));
      return true;
    } catch (error) {
      if (ifThere) return false;
      throw error;
    }
  }

  /** A large file's unique name in the run. */
  #dataName(name) {
    const plain = name.replace(/^file:\/\//, '').replace(/^(\.\.?\/)+/, '').replace(/[^A-Za-z0-9_.-]/g, '_');
    const taken = [...this.held.values()].map(({ data }) => data);
    let data = plain;
    for (let count = 2; taken.includes(data); count++) data = `${plain}-${count}`;
    return data;
  }
}

/**
 * The esbuild plugin that takes data from the same places as `open`: an import must not bring in a file of the user
 * (`import x from '/home/ada/keys.json'`). Code may come from any place where Node finds it, and packages have their
 * own data.
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

function absolute(name, source) {
  return resolve(dirname(source), name.replace(/^file:\/\//, ''));
}

/** The path of a file of the project. */
function pathOf(name, source) {
  const path = absolute(name, source);
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
