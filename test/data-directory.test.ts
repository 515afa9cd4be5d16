import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { claimDataDirectory } from "../src/data-directory.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

/** A process that lives until the test ends, or is ended. */
async function aProcess() {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const end = async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { pid: child.pid!, end };
}

async function aDirectoryOf(pid: number | string): Promise<string> {
  const directory = join(temporaryDirectory(), "data");
  await mkdir(directory);
  await writeFile(join(directory, "lock"), `${pid}`);
  return directory;
}

test("it is made, claimed, and given back", async () => {
  const directory = join(temporaryDirectory(), "deep", "data");
  const release = await claimDataDirectory(directory);
  expect(await readFile(join(directory, "lock"), "utf8")).toBe(String(process.pid));
  await release();
  expect(existsSync(join(directory, "lock"))).toBe(false);
  await (
    await claimDataDirectory(directory)
  )();
});

test("another process that lives keeps it: the error says which, and what to do", async () => {
  const { pid } = await aProcess();
  const directory = await aDirectoryOf(pid);
  await expect(claimDataDirectory(directory)).rejects.toMatchObject({
    code: "STATE_IN_USE",
    exitCode: 3,
    message: expect.stringContaining(`process ${pid}`) as string,
    remedy: expect.stringContaining("service.dataDirectory") as string,
  });
  expect(await readFile(join(directory, "lock"), "utf8")).toBe(String(pid));
});

test("what a process left that is gone is taken over", async () => {
  const { pid, end } = await aProcess();
  const directory = await aDirectoryOf(pid);
  await end();
  const release = await claimDataDirectory(directory);
  expect(await readFile(join(directory, "lock"), "utf8")).toBe(String(process.pid));
  await release();
});

test.for([
  ["a number of our own, as every start in a container has", String(process.pid)],
  ["nothing, after a crash at the wrong moment", ""],
  ["no number", "hello"],
  ["a process group", "-1"],
])("a lock with %s is taken over", async ([, content]) => {
  const release = await claimDataDirectory(await aDirectoryOf(content!));
  await release();
});

test("a folder that can't be made is an error as it is", async () => {
  const file = join(temporaryDirectory(), "file");
  await writeFile(file, "");
  await expect(claimDataDirectory(join(file, "data"))).rejects.toThrow("ENOTDIR");
});
