#!/usr/bin/env node
// From a script to a component: `squall-js scenario.ts -o scenario.wasm`. What it does is in `build/`.

import { main } from './build/cli.mjs';

process.exitCode = await main(process.argv.slice(2));
