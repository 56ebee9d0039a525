// Files that a script may bring into the component by importing them.

import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

// @ts-expect-error: the build tool has no types.
import { dataPlugin } from '../build/files.mjs';

type Loaded = { errors: { text: string }[] } | undefined;

test('data comes from the project and from packages, code from anywhere', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'squall-files-')));
  const place = (name: string) => join(folder, name);
  for (const name of ['project', 'node_modules/tables', 'sdk', 'home']) mkdirSync(place(name), { recursive: true });
  const files = ['project/package.json', 'project/script.js', 'project/own.json', 'node_modules/tables/a.json', 'sdk/a.txt', 'home/keys.json', 'home/lib.js'];
  for (const name of files) writeFileSync(place(name), '{}');
  symlinkSync(place('home/keys.json'), place('project/link.json'));

  let load: (file: { path: string; with?: object }) => Loaded = () => undefined;
  dataPlugin(place('project/script.js'), place('sdk')).setup({ onLoad: (_: object, given: typeof load) => (load = given) });
  const refused = (name: string, attributes?: object) => load({ path: place(name), with: attributes }) !== undefined;
  expect(['project/own.json', 'node_modules/tables/a.json', 'sdk/a.txt', 'home/lib.js'].filter((name) => refused(name))).toEqual([]);
  expect(refused('home/keys.json')).toBe(true);
  expect(refused('project/link.json')).toBe(true);
  // Code that is imported as data is data.
  expect(refused('home/lib.js', { type: 'text' })).toBe(true);
  expect(load({ path: place('home/keys.json') })?.errors[0].text).toContain('is outside of the project');
});
