// The package holds a copy of `wit/`, which in the repository is a link: `prepack` makes the copy, `postpack` the link.

import { cpSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
if (!process.argv.includes('--restore')) {
  // Declarations that are written by hand are not copied by the compiler.
  cpSync(path('src/engine.d.ts'), path('dist/src/engine.d.ts'));
}

const wit = path('wit');
rmSync(wit, { recursive: true });
if (process.argv.includes('--restore')) symlinkSync('../../wit', wit);
else cpSync(path('../../wit'), wit, { recursive: true });
