import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { silentLog, type Log } from "../src/log.ts";
import { createMetrics } from "../src/metrics.ts";
import { shippedList } from "../src/normalize/provider-list.ts";
import { proxiesConfig } from "../src/normalize/proxies-config.ts";
import { loadTrustedNetworks, refreshedFile } from "../src/normalize/trusted-networks.ts";
import { ProxyWatch } from "../src/proxy-watch.ts";
import { TrafficMemory } from "../src/detect/traffic-memory.ts";
import { anEvent } from "./support/an-event.ts";
import { tempDirectory } from "./support/temp-directory.ts";
import { TestClock } from "./support/test-clock.ts";

const start = Date.UTC(2026, 7, 22, 9);
const proxy = "198.51.100.1";

async function scene(written: object = {}, now = start) {
  const dataDirectory = tempDirectory();
  const clock = new TestClock(now);
  const proxies = proxiesConfig.parse(written);
  const networks = await loadTrustedNetworks(proxies.trusted, dataDirectory);
  const memory = new TrafficMemory(1_024, { maxShare: proxies.maxShare });
  const calls: unknown[] = [];
  const lines: string[] = [];
  const log = { ...silentLog, warn: (_: unknown, text: string) => void lines.push(text) } as Log;
  const metrics = createMetrics();
  const watch = new ProxyWatch({
    ...{ proxies, networks, dataDirectory, clock, log, metrics, memory },
    normalizer: { trust: ({ trusted }) => void calls.push(["trust", trusted]) },
    blocker: {
      trust: ({ proxies }) => (calls.push(["own", proxies.length]), Promise.resolve([])),
      letInBehind: (address, reason) => (calls.push(["let in", address, reason]), Promise.resolve([])),
    },
    service: {
      raise: (kind, name, text) => void calls.push(["raise", kind, name, text]),
      clear: (kind, name) => void calls.push(["clear", kind, name]),
    },
  });
  const told = () => calls.splice(0).filter((call) => !String(call).startsWith("clear,reload-failed"));
  const traffic = (from: number, source: (user: number) => string) => {
    for (let i = 0; i < 1_200; i++) {
      const address = source(i % 120);
      memory.see(anEvent({ time: start + from * 60_000 + i * 400, clientIp: address, clientKey: address, userId: `user ${i % 120}` })); // prettier-ignore
    }
  };
  told();
  return { watch, clock, dataDirectory, memory, told, traffic, lines, metrics };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

describe("most users seem to come from one address", () => {
  test("an incident opens, whoever was blocked with it is let in, and it closes by itself", async () => {
    const { watch, told, traffic, memory } = await scene();
    traffic(0, () => proxy);
    watch.tick();
    expect(told()).toEqual([
      ["raise", "proxy-trust", proxy, `100 % of all users come from ${proxy}: it is most likely a proxy that proxies.trusted lacks; since 2026-08-22T09:00:00.000Z. No address is blocked until it is named there or proxies.maxShare is raised`],
      ["let in", proxy, memory.proxyTrust()!.reason],
    ]); // prettier-ignore
    watch.tick();
    expect(told()).toEqual([]);
    traffic(10, (user) => `203.0.113.${user}`);
    traffic(20, (user) => `203.0.113.${user}`);
    watch.tick();
    expect(told()).toEqual([["clear", "proxy-trust", proxy]]);
  });

  test("naming the proxy ends it at once", async () => {
    const { watch, told, traffic } = await scene();
    traffic(0, () => proxy);
    watch.tick();
    told();
    await watch.update(proxiesConfig.parse({ trusted: ["198.51.100.0/24"] }));
    expect(told()).toEqual([
      ["trust", ["198.51.100.0/24"]],
      ["clear", "proxy-trust", proxy],
      ["own", 1],
    ]);
  });

  test("naming another one does not", async () => {
    const { watch, told, traffic } = await scene();
    traffic(0, () => proxy);
    watch.tick();
    told();
    await watch.update(proxiesConfig.parse({ trusted: ["192.0.2.1"] }));
    expect(told()).not.toContainEqual(["clear", "proxy-trust", proxy]);
  });

  test.for([[1], ["off"]] as const)("nor goes it on with maxShare %s", async ([maxShare]) => {
    const { watch, told, traffic } = await scene();
    traffic(0, () => proxy);
    watch.tick();
    told();
    await watch.update(proxiesConfig.parse({ maxShare }));
    expect(told()).toContainEqual(["clear", "proxy-trust", proxy]);
  });
});

describe("a list that was refreshed", () => {
  test("is taken over, once", async () => {
    const { watch, told, dataDirectory } = await scene({ trusted: ["fastly"] });
    await watch.look();
    expect(told()).toEqual([]);
    const list = { ...shippedList("fastly"), networks: ["198.18.0.0/24"] };
    write(refreshedFile(dataDirectory, "fastly"), JSON.stringify(list));
    await watch.look();
    expect(told()).toEqual([
      ["trust", ["198.18.0.0/24"]],
      ["own", 1],
    ]);
    expect(watch.rules.trusted).toEqual(["198.18.0.0/24"]);
    await watch.look();
    expect(told()).toEqual([]);
  });

  test("is an incident when it can't be used, and the shipped one holds", async () => {
    const { watch, told, dataDirectory } = await scene({ trusted: ["fastly"] });
    write(refreshedFile(dataDirectory, "fastly"), "{");
    await watch.look();
    const [first] = told();
    expect(first).toMatchObject(["raise", "reload-failed", "proxies", expect.stringContaining("fastly.json")]);
    expect(watch.rules.trusted).toEqual(shippedList("fastly").networks);
  });
});

test("a file of one's own that breaks keeps the last good state", async () => {
  const file = join(tempDirectory(), "own.txt");
  write(file, "192.0.2.1\n");
  const { watch, told } = await scene({ trusted: [{ file }] });
  write(file, "proxy.example\n");
  await watch.look();
  expect(told()).toMatchObject([["raise", "reload-failed", "proxies", expect.stringContaining("line 1")]]);
  expect(watch.rules.trusted).toEqual(["192.0.2.1"]);
});

describe("an old list", () => {
  const day = 86_400_000;
  const of = Date.parse(shippedList("fastly").date);

  test.for([
    ["is told at the start", "fastly", 91, [expect.stringMatching(/fastly's addresses is 91 days old; gatewatch proxies refresh fastly/)]],
    ["of less than 90 days is none", "fastly", 90, []],
    ["that can't be refreshed is none", "google", 900, []],
  ] as const)("%s", async ([, name, days, expected]) => {
    const { lines } = await scene({ trusted: [name] }, of + days * day);
    expect(lines).toEqual(expected);
  }); // prettier-ignore

  test("is measured", async () => {
    const { metrics } = await scene({ trusted: ["fastly", "10.0.0.0/8"] }, of + day);
    const text = await metrics.registry.metrics();
    expect(text).toContain('gatewatch_normalize_proxy_list_age_seconds{provider="fastly"} 86400');
    expect(text).toContain("gatewatch_normalize_proxy_networks 22");
    expect(text).toContain("gatewatch_detect_top_address_share 0");
  });
});
