import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEmbedded } from "../../src/store/embedded-connections.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** An engine that fails to open with an error that has this code. */
const failing = (code: string) => () =>
  Promise.resolve({
    createChdbConnection(): never {
      throw Object.assign(new Error("Failed to create connection"), { code });
    },
  });

test("says what to do where the engine is not installed", async () => {
  const load = () => Promise.reject(Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" }));
  await expect(openEmbedded({ directory: temporaryDirectory(), load })).rejects.toMatchObject({
    code: "STORE_NOT_INSTALLED",
    remedy: expect.stringMatching(/type: server, url.*glibc/),
  });
});

test("says what to do where the engine has no build for the system", async () => {
  const opened = openEmbedded({ directory: temporaryDirectory(), load: failing("CHDB_PLATFORM") });
  await expect(opened).rejects.toMatchObject({ code: "STORE_NOT_INSTALLED", remedy: expect.stringContaining("glibc") });
});

test("names the process that has the directory", async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, "status"), "PID: 4711\nStarted at: 2026-08-22 09:00:00\nRevision: 54513\n");
  const opened = openEmbedded({ directory, load: failing("CHDB_CONNECTION") });
  await expect(opened).rejects.toMatchObject({ code: "STORE_IN_USE", message: expect.stringContaining("(4711)") });
});

test("blames nobody where nobody has the directory", async () => {
  const opened = openEmbedded({ directory: temporaryDirectory(), load: failing("CHDB_CONNECTION") });
  await expect(opened).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
});

test("says so where it can't make its directory", async () => {
  const parent = join(temporaryDirectory(), "file");
  writeFileSync(parent, "");
  const opened = openEmbedded({ directory: join(parent, "store"), load: failing("unused") });
  await expect(opened).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    remedy: expect.stringContaining("service.dataDirectory"),
  });
});
