#!/usr/bin/env node
// Starts the program out of the package for this platform, hands signals on to it, and ends as it ends.
"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");

const name = `@squall-load/${process.platform}-${process.arch}`;

function findProgram() {
  try {
    return require.resolve(`${name}/bin/squall`);
  } catch {
    console.error(
      `squall: no program for ${process.platform} on ${process.arch}: the package ${name} is not installed.\n` +
        "There are packages for Linux on x64 and arm64. If this is one of them, install again without --omit=optional.",
    );
    process.exit(1);
  }
}

const squall = spawn(findProgram(), process.argv.slice(2), { stdio: "inherit" });

// A terminal sends Ctrl-C to the program as well, and a second one would mean "at once".
const inTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
process.on("SIGINT", () => inTerminal || squall.kill("SIGINT"));
for (const signal of ["SIGTERM", "SIGHUP"]) {
  process.on(signal, () => squall.kill(signal));
}

squall.on("error", (error) => {
  console.error(`squall: cannot start: ${error.message}`);
  process.exit(1);
});
squall.on("exit", (code, signal) => {
  process.exit(code ?? 128 + constants.signals[signal]);
});
