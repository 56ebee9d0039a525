// The maker of a component, for `squall inspect`: the custom section `squall:sdk`.

import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** The component with the section appended. */
export function signed(component, { engine, compat }) {
  const name = Buffer.from('squall:sdk');
  const text = Buffer.from([`javascript ${version}`, engine, compat].filter(Boolean).join(' '));
  const content = Buffer.concat([leb128(name.length), name, text]);
  return Buffer.concat([component, Buffer.from([0]), leb128(content.length), content]);
}

/** An unsigned number as WebAssembly writes it. */
function leb128(value) {
  const bytes = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return Buffer.from([...bytes, value]);
}
