import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig, readConfig } from "../src/config.ts";
import { detectConfig } from "../src/detect/detect-config.ts";
import { DetectStage } from "../src/detect/detect-stage.ts";
import { loadRules, type Rules } from "../src/load-rules.ts";
import { silentLog } from "../src/log.ts";
import { createReload, type ReloadParts } from "../src/reload.ts";
import { pipelineScene } from "./support/pipeline-scene.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";
import { TestClock } from "./support/test-clock.ts";

const endpoint = (owner: string) => `endpoints: [{ method: POST, route: /api/login, class: login, owner: ${owner} }]\n`;
const team = (channel: string) =>
  `teams: { identity: { channels: [screen] } }\nchannels: { screen: { type: ${channel} } }\n`;

/** A service that runs on these lines of configuration; `change` is a changed file. */
async function aService(lines = "") {
  const directory = temporaryDirectory();
  const file = join(directory, "gatewatch.yaml");
  await mkdir(join(directory, "runbooks"));
  const write = (text: string) =>
    writeFile(file, `sources: [{ name: in, type: stdin }]\nrunbooks: { directories: [./runbooks] }\n${text}`);
  await write(lines);
  const config = await loadConfig(file, {});
  let rules: Rules = await loadRules(config, file);
  const detect = new DetectStage({
    detectors: rules.detectors,
    config: detectConfig.parse({ clients: 1_024 }),
    clock: new TestClock(),
    onMuted: () => {},
  });
  const calls: string[] = [];
  const failing = new Set<string>();
  const trials: number[] = [];
  const note = (name: string) => async () => {
    calls.push(name);
    if (failing.has(name)) throw new Error(`${name} failed`);
  };
  const reload = createReload({
    config,
    configFile: file,
    log: silentLog,
    clock: new TestClock(),
    service: {
      raise: (kind: string, _name: string, text: string) => calls.push(`raise ${kind}: ${text}`),
      clear: (kind: string) => calls.push(`clear ${kind}`),
    },
    normalizer: { update: note("normalizer") },
    detect,
    trials: { update: (detectors: readonly unknown[]) => trials.push(detectors.length) },
    incidents: { update: note("incidents") },
    blocker: { update: note("blocker") },
    pager: { update: note("pager") },
    notifiers: () => new Map(),
    query: { update: note("query") },
    proxies: { update: note("proxies"), rules: {} },
    pipeline: pipelineScene().pipeline,
    current: () => rules,
    onRules: (next: Rules) => (rules = next),
  } as unknown as ReloadParts);
  const change = async (text: string) => {
    await write(text);
    const result = await readConfig(file, {});
    calls.length = 0;
    await reload(result.kind === "bad" ? result : { kind: "good", config: result.config, needsRestart: [] });
    return [...calls];
  };
  return { change, detect, trials, directory, failing, rules: () => rules };
}

const unchanged = ["incidents", "query", "clear reload-failed"];

describe("a good change is taken over", () => {
  test.for<[string, string, string, readonly string[]]>([
    ["nothing", "", "", []],
    ["the trusted proxies", "", "proxies: { trusted: [192.0.2.0/24] }", ["proxies"]],
    ["the allow list", "", "block: { allow: { addresses: [192.0.2.1] } }", ["blocker"]],
    ["who owns an endpoint", team("outbox") + endpoint("identity"), team("outbox"), ["normalizer"]],
    ["teams", "", team("outbox"), ["pager"]],
  ])("%s", async ([, before, after, parts]) => {
    const { change } = await aService(before);
    expect(new Set(await change(after))).toEqual(new Set([...unchanged, ...parts]));
    // And only once: it is what holds now.
    expect(await change(after)).toEqual(unchanged);
  });

  test("a detector that changed: another engine, and its parameters hold", async () => {
    const { change, detect, trials, rules } = await aService();
    const engine = detect.engine;
    await change("detectors: { credential-stuffing: { params: { failures: 5 } }, country-surge: { mode: off } }");
    expect(detect.engine).not.toBe(engine);
    expect(trials).toEqual([rules().detectors.length]);
    const ids = detect.status().map(({ id }) => id);
    expect(ids).toContain("credential-stuffing");
    expect(ids).not.toContain("country-surge");
    const stuffing = rules().detectors.find(({ definition }) => definition.id === "credential-stuffing");
    expect(stuffing!.params).toMatchObject({ failures: 5 });
  });

  test("detectors that stayed the same keep their engine", async () => {
    const { change, detect } = await aService();
    const engine = detect.engine;
    await change("block: { allow: { users: [health-check] } }");
    expect(detect.engine).toBe(engine);
  });
});

describe("a bad change keeps the last good one, and is an incident", () => {
  test("of the configuration", async () => {
    const { change, rules } = await aService();
    const before = rules();
    const calls = await change("blok: {}");
    expect(calls).toEqual([expect.stringMatching(/^raise reload-failed: .*blok/)]);
    expect(rules()).toBe(before);
  });

  test("of a detector's parameters, and mending it ends the incident", async () => {
    const { change, rules, detect } = await aService();
    const [before, engine] = [rules(), detect.engine];
    expect(await change("detectors: { credential-stuffing: { params: { failures: many } } }")).toEqual([
      expect.stringMatching(/^raise reload-failed: .*detectors\.credential-stuffing\.params\.failures/),
    ]);
    expect([rules(), detect.engine]).toEqual([before, engine]);
    expect(await change("")).toEqual(unchanged);
  });

  test("of a runbook", async () => {
    const { change, directory } = await aService();
    await writeFile(join(directory, "runbooks", "bad.md"), "no front matter\n");
    expect(await change("")).toEqual([expect.stringMatching(/^raise reload-failed: .*bad\.md/)]);
  });

  test("a stage that can't take it over doesn't end the service, and it is tried again", async () => {
    const { change, failing } = await aService();
    failing.add("blocker");
    const text = "block: { allow: { addresses: [192.0.2.1] } }";
    expect(await change(text)).toContain("raise reload-failed: Error: blocker failed");
    failing.clear();
    const again = await change(text);
    expect(again).toContain("blocker");
    expect(again).toContain("clear reload-failed");
  });
});
