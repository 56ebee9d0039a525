// From one JavaScript module to a component, by one of the two engines.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BuildError } from './error.mjs';

const HERE = dirname(dirname(fileURLToPath(import.meta.url)));

/** Imports one of the tools, or says how to install it. */
export async function tool(name, command = 'npm install') {
  try {
    return await import(name);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new BuildError(`${name} is not installed. Run: (cd ${HERE} && ${command})`);
  }
}

/** The component's bytes. */
export async function componentize(code, world, { engine, small }) {
  if (engine === 'starlingmonkey') return starlingMonkey(code, world);
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

async function starlingMonkey(code, world) {
  const package_ = '@bytecodealliance/componentize-js';
  const { componentize } = await tool(package_, `npm install ${package_}`);
  const { component } = await componentize(code, {
    witPath: world.path,
    worldName: world.name,
    // Requests go through the contract, not through wasi:http.
    disableFeatures: ['http', 'fetch-event'],
  });
  return component;
}
