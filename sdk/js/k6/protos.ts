// The `.proto` files of a k6 script: those that `client.load` names, and those that they import. Like all files of a script,
// they are read when it is built.

import { openFirst } from './open.ts';

/** Imports that the host has. */
const WELL_KNOWN = /^(google\/protobuf\/|grpc\/health\/v1\/health\.proto$)/;
const IMPORT = /^\s*import\s+(?:public\s+|weak\s+)?"([^"]+)"\s*;/gm;

/** The texts of those files by their names, with all that they import. */
export function loadProtos(importPaths: readonly string[], names: readonly string[]): Record<string, string> {
  const files: Record<string, string> = {};
  const missing = [...names];
  for (let name = missing.pop(); name !== undefined; name = missing.pop()) {
    if (name in files || WELL_KNOWN.test(name)) continue;
    const text = openFirst(placesOf(importPaths, name));
    files[name] = text;
    for (const [, imported] of text.matchAll(IMPORT)) missing.push(imported!);
  }
  return files;
}

/** Where a file may be, in the order in which it is looked for. */
function placesOf(importPaths: readonly string[], name: string): string[] {
  const paths = importPaths.length > 0 ? importPaths : ['.'];
  return paths.map((path) => (path === '.' || path === '' || name.startsWith('/') ? name : `${path.replace(/\/$/, '')}/${name}`));
}
