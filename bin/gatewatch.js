#!/usr/bin/env node
// From a checkout this runs the sources; a published package carries compiled JavaScript beside it.
import { existsSync } from "node:fs";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const compiled = new URL("../dist/src/main.js", import.meta.url);
const source = new URL("../scripts/run.mjs", import.meta.url);
const args = existsSync(compiled) ? [fileURLToPath(compiled)] : [fileURLToPath(source), "src/main.ts"];
const { UV_THREADPOOL_SIZE = "16", MALLOC_MMAP_THRESHOLD_ = "131072" } = process.env; // why: docs/store.md
const env = { ...process.env, UV_THREADPOOL_SIZE, MALLOC_MMAP_THRESHOLD_ };
const child = spawn(process.execPath, [...args, ...process.argv.slice(2)], { stdio: "inherit", env });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
