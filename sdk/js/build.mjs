#!/usr/bin/env node
// From a script to a component: `squall-js scenario.ts -o scenario.wasm`. The steps are in `build/`.

import { main } from './build/cli.mjs';

process.exitCode = await main(process.argv.slice(2));
