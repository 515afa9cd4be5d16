#!/usr/bin/env node
// From a checkout this runs the sources; a published package carries compiled JavaScript beside it.
import { existsSync } from "node:fs";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const compiled = new URL("../dist/src/main.js", import.meta.url);
const source = new URL("../scripts/run.mjs", import.meta.url);
const args = existsSync(compiled) ? [fileURLToPath(compiled)] : [fileURLToPath(source), "src/main.ts"];
const env = { ...process.env, UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? "16" };
const child = spawn(process.execPath, [...args, ...process.argv.slice(2)], { stdio: "inherit", env });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
