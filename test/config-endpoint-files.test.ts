import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { loadConfig, loadTrialConfig, readConfig } from "../src/config.ts";
import { watchConfig, type ConfigUpdate } from "../src/config-reload.ts";
import { tempDirectory } from "./support/temp-directory.ts";
import { TestClock } from "./support/test-clock.ts";

const login = "endpoints:\n  - { method: POST, route: /login, class: login }\n";

describe("endpoints in files of their own", () => {
  test("come after those of the configuration, in the order of the files", async () => {
    const { file } = write({
      "gatewatch.yaml": `${named("a.yaml", "sub.yaml")}endpoints: [{ method: GET, route: /own, class: other }]\n`,
      "a.yaml": login,
      "sub.yaml": "endpoints: [{ method: GET, route: /sub, class: catalog, deprecated: true }]\n",
    });
    for (const config of [await loadConfig(file, {}), await loadTrialConfig(file, {})]) {
      expect(config.endpoints.map(({ route }) => route)).toEqual(["/own", "/login", "/sub"]);
      expect(config.endpoints[2]).toMatchObject({ authentication: "optional", deprecated: true });
    }
  });

  test.for([
    ["that is not there", undefined, "line 1", "can't be read (ENOENT); it is named under `endpointFiles`"],
    ["that is no YAML", "endpoints: [", "line 1", "a bracket"],
    ["that is something else", "openapi: 3.1.0\n", "openapi", "unknown key; known here: endpoints"],
    ["with a wrong class", login.replace("class: login", "class: logn"), "endpoints[0].class", "did you mean `login`?"],
    ["with a wrong route", login.replace("/login", '"/{id"'), "endpoints[0].route", "a brace too many or too few"],
    ["with an owner nobody knows", login.replace("}", ", owner: nobody }"), "endpoints[0].owner", "there is no team"],
  ] as const)("a file %s is named with its problem", async ([, text, path, message]) => {
    const { file, directory } = write({
      "gatewatch.yaml": named("a.yaml"),
      ...(text !== undefined && { "a.yaml": text }),
    });
    const result = await readConfig(file, {});
    expect(result).toMatchObject({
      kind: "bad",
      problems: [{ file: join(directory, "a.yaml"), path, message: expect.stringContaining(message) as string }],
    });
  });

  test("more than the inventory holds are too many", async () => {
    const many = JSON.stringify({
      endpoints: Array.from({ length: 15_000 }, (_, i) => ({ method: "GET", route: `/${i}`, class: "other" })),
    });
    const { file } = write({ "gatewatch.yaml": named("a.json", "b.json"), "a.json": many, "b.json": many });
    expect(await readConfig(file, {})).toMatchObject({
      kind: "bad",
      problems: [{ path: "endpoints", message: expect.stringContaining("30000 endpoints are too many") as string }],
    });
  });
});

describe("while the service runs", () => {
  test("a change of such a file is taken over, and needs no restart", async () => {
    const { directory, next } = await watching({ "gatewatch.yaml": named("a.yaml"), "a.yaml": login });
    writeFileSync(join(directory, "a.yaml"), login.replace("/login", "/sign-in"));
    expect(await next()).toMatchObject({
      kind: "good",
      needsRestart: [],
      config: { endpoints: [{ route: "/sign-in" }] },
    });
  });

  test("a file that is named before it is there is waited for", async () => {
    const { file, directory, next } = await watching({ "gatewatch.yaml": named() });
    writeFileSync(file, named("later.yaml"));
    expect(await next()).toMatchObject({ kind: "bad" });
    writeFileSync(join(directory, "later.yaml"), login);
    expect(await next()).toMatchObject({ kind: "good", config: { endpoints: [{ route: "/login" }] } });
  });
});

// helpers

function named(...files: readonly string[]): string {
  return `sources: [{ name: in, type: stdin }]\nendpointFiles: ${JSON.stringify(files)}\n`;
}

function write(files: Readonly<Record<string, string>>) {
  const directory = tempDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return { directory, file: join(directory, "gatewatch.yaml") };
}

async function watching(files: Readonly<Record<string, string>>) {
  const { directory, file } = write(files);
  const clock = new TestClock();
  const started = await loadConfig(file, {});
  let arrive = Promise.withResolvers<ConfigUpdate>();
  const watcher = await watchConfig({
    ...{ file, env: {}, clock, started },
    directoriesOf: (config) => config.endpointFiles,
    onUpdate: (update) => arrive.resolve(update),
    watchDirectory: () => () => {},
  });
  onTestFinished(() => watcher.stop());
  const next = async () => {
    arrive = Promise.withResolvers<ConfigUpdate>();
    await clock.advance(5_000);
    return arrive.promise;
  };
  return { directory, file, next };
}
