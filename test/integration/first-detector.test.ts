import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

// The guide, done as it says: its files are written, its commands are run in their order, and they print
// what it says they print. `…` stands for what differs.

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/first-detector.md"), "utf8");
const { directory, remove } = makeTemporaryDirectory();
const bin = join(directory, "bin");
const environment = { PATH: `${bin}:${process.env["PATH"]}` };
const port = await freePort();
let service: ChildProcess | undefined;

interface Block {
  /** The file that the paragraph before it names, if it is one. */
  readonly file: string | undefined;
  readonly language: string;
  readonly text: string;
}

const blocks: Block[] = [...page.matchAll(/(?:^`([\w/-]+\.\w+)`[^\n]*:\n\n)?^```(\w+)\n(.*?)^```$/gms)].map(
  ([, file, language, text]) => ({ file, language: language!, text: text!.replaceAll("8080", String(port)) }),
);

beforeAll(() => {
  // In a checkout the command has another name.
  const command = `#!/bin/sh\nexec "${process.execPath}" "${root}/src/main.ts" "$@"\n`;
  mkdirSync(bin);
  writeFileSync(join(bin, "gatewatch"), command, { mode: 0o755 });
});

afterAll(async () => {
  if (service?.exitCode === null && service.kill("SIGTERM")) await once(service, "exit");
  remove();
});

test("a detector takes a file and a runbook, and every other block of the guide is run", () => {
  expect(blocks.flatMap(({ file }) => file ?? [])).toEqual([
    "detectors/contact-form-spam.ts",
    "runbooks/contact-form-spam.md",
    "gatewatch.yaml",
  ]);
  expect(blocks.filter(({ file, language }) => file === undefined && language !== "sh" && language !== "text")).toEqual(
    [],
  );
});

test("a detector of one's own fires, and its incident opens, within ten minutes of work", async () => {
  let printed = "";
  for (const { file, language, text } of blocks) {
    if (file !== undefined) writeFileSync(join(directory, file), text);
    else if (language === "text") expectInOrder(printed, text);
    else if (text.trim().endsWith(" run")) await serve(text);
    else printed = await shell(text);
  }
  expect(service?.exitCode).toBeNull();
});

// helpers

async function shell(commands: string): Promise<string> {
  const { stdout } = await promisify(execFile)("sh", ["-e", "-c", commands], { cwd: directory, env: environment });
  return stdout;
}

async function serve(command: string): Promise<void> {
  service = spawn("sh", ["-c", `exec ${command}`], { cwd: directory, env: environment, stdio: "ignore" });
  await eventually("the service to be ready", async () => {
    expect(service!.exitCode).toBeNull();
    return fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  });
}

/** Everything that is expected is there, in this order. */
function expectInOrder(printed: string, expected: string): void {
  let rest = printed;
  for (const part of expected.split(/…|\n/)) {
    expect(rest).toContain(part);
    rest = rest.slice(rest.indexOf(part) + part.length);
  }
}
