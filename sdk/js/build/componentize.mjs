// From one JavaScript module to a component, by one of the two engines.

import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BuildError } from './error.mjs';

const HERE = dirname(dirname(fileURLToPath(import.meta.url)));

/** Imports one of the tools, or fails with the command to install it. */
export async function tool(name, command = 'npm install') {
  try {
    return await import(name);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new BuildError(`${name} is not installed. Run: (cd ${HERE} && ${command})`);
  }
}

/** The component's bytes. */
export async function componentize(code, world, { engine, small, native }) {
  if (engine === 'starlingmonkey') return starlingMonkey(code, world, native);
  const { componentize } = await tool('componentize-qjs');
  const { component } = await componentize({
    jsSource: code,
    witPath: world.path,
    world: world.name,
    // The host's functions are synchronous, and a host without the async ABI is faster.
    sync: true,
    optSize: small,
  });
  return component;
}

async function starlingMonkey(code, world, fetches) {
  const package_ = '@bytecodealliance/componentize-js';
  const { componentize } = await tool(package_, `npm install ${package_} @bytecodealliance/preview2-shim`);
  const { component } = await componentize(code, {
    witWorld: await inOne(world.path),
    worldName: world.name,
    // A script that does not call `fetch` need not ask for wasi:http.
    disableFeatures: fetches ? ['fetch-event'] : ['http', 'fetch-event'],
  });
  return component;
}

/** All files of a package of WIT as one text: the tool reads no folders. */
async function inOne(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.wit'));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const [header] = /^package .*;$/m.exec(texts[0]);
  return [header, ...texts.map((text) => text.replace(/^package .*;$/m, ''))].join('\n');
}
