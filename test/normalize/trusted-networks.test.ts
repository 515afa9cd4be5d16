import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { createAddressReader } from "../../src/normalize/client-address.ts";
import { parseOwnList, providerNames, shippedList } from "../../src/normalize/provider-list.ts";
import {
  fingerprintOf,
  loadTrustedNetworks,
  plainNetworks,
  refreshedFile,
} from "../../src/normalize/trusted-networks.ts";
import { tempDirectory } from "../support/temp-directory.ts";

function write(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe("the lists that come along", () => {
  test.for(providerNames.map((name) => [name] as const))("%s is sound", ([name]) => {
    expect(shippedList(name)).toMatchObject({ name, source: /^https:/, date: expect.any(String) as string });
  });

  test.for([
    ["cloudflare", "104.16.0.1", "2606:4700::1", "104.32.0.1"],
    ["cloudfront", "130.176.1.1", "2600:9000:1000::1", "13.32.0.1"],
    ["fastly", "151.101.1.1", "2a04:4e42::1", "151.102.0.1"],
    ["google", "35.191.0.1", "2600:2d00:1:b029::1", "35.192.0.1"],
    ["azure", "147.243.0.1", "2a01:111:2050::1", "20.0.0.1"],
  ] as const)("%s: %s and %s are in it, %s is not", ([name, v4, v6, other]) => {
    const read = createAddressReader(shippedList(name).networks);
    expect([v4, v6, other].map((address) => read(address)?.trusted)).toEqual([true, true, false]);
  });
});

describe("proxies.trusted is read as", () => {
  test("networks, names and files, each with where it is from", async () => {
    const directory = tempDirectory();
    const file = write(join(directory, "own.txt"), "# ours\n192.0.2.0/28  # office\n\n2001:db8::/64\r\n");
    const { trusted, prefixes, lists, problems } = await loadTrustedNetworks(
      ["10.0.0.0/8", "google", { file }],
      directory,
    );
    expect(trusted[0]).toEqual({ network: "10.0.0.0/8", text: "10.0.0.0/8" });
    expect(trusted).toContainEqual({ network: "35.191.0.0/16", text: "35.191.0.0/16 (google)" });
    expect(trusted).toContainEqual({ network: "192.0.2.0/28", text: `192.0.2.0/28 (${file})` });
    expect(prefixes.at(-1)).toBe("2001:db8::/64");
    expect(lists.map(({ name, isShipped }) => [name, isShipped])).toEqual([["google", true]]);
    expect(problems).toEqual([]);
  });

  test("a refreshed list, before the shipped one", async () => {
    const directory = tempDirectory();
    const before = await fingerprintOf(["fastly"], directory);
    const list = { ...shippedList("fastly"), date: "2026-11-01", networks: ["198.18.0.0/24"] };
    write(refreshedFile(directory, "fastly"), JSON.stringify(list));
    const { prefixes, lists, fingerprint } = await loadTrustedNetworks(["fastly"], directory);
    expect(prefixes).toEqual(["198.18.0.0/24"]);
    expect(lists).toMatchObject([{ date: "2026-11-01", isShipped: false }]);
    expect(fingerprint).not.toBe(before);
  });

  test.for([
    ["half a file", "{", /JSON/],
    ["another provider's", JSON.stringify(shippedList("azure")), /list of azure/],
    ["one that trusts everybody", JSON.stringify({ ...shippedList("fastly"), networks: ["0.0.0.0/0"] }), /wider/],
  ] as const)("the shipped list, when the refreshed one is %s", async ([, text, message]) => {
    const directory = tempDirectory();
    write(refreshedFile(directory, "fastly"), text);
    const { prefixes, problems } = await loadTrustedNetworks(["fastly"], directory);
    expect(prefixes).toEqual(shippedList("fastly").networks);
    expect(problems).toMatchObject([{ isOwn: false, message: expect.stringMatching(message) as string }]);
  });

  test("nothing, and a problem, where a file of one's own is missing", async () => {
    const { trusted, problems } = await loadTrustedNetworks([{ file: "/nowhere/own.txt" }], tempDirectory());
    expect(trusted).toEqual([]);
    expect(problems).toEqual([{ file: "/nowhere/own.txt", message: "ENOENT", isOwn: true }]);
  });

  test("all providers are known, named or not", async () => {
    const { providers } = await loadTrustedNetworks([], tempDirectory());
    expect(new Set(providers.map(({ text }) => /\((\w+)\)/.exec(text)?.[1]))).toEqual(new Set(providerNames));
  });

  test("networks alone, without any file", () => {
    expect(plainNetworks(["10.0.0.0/8"])).toEqual(["10.0.0.0/8"]);
    expect(() => plainNetworks(["cloudflare"])).toThrow(/not loaded/);
  });
});

test.for([
  ["a word", "10.0.0.0/8\nproxy.example", /line 2/],
  ["nothing", "# empty\n", /no network/],
] as const)("a file of one's own with %s is refused", ([, text, message]) => {
  expect(() => parseOwnList(text)).toThrow(message);
});

test("an address is found among thousands of networks as fast as among few", () => {
  const networks = Array.from(
    { length: 10_000 },
    (_, i) => `${11 + (i >> 12)}.${(i >> 4) & 255}.${(i & 15) * 16}.0/24`,
  );
  const asked = Array.from({ length: 20_000 }, (_, i) => `${11 + (i % 5)}.${i & 255}.${(i >> 8) & 255}.7`);
  const took = (read: ReturnType<typeof createAddressReader>) => {
    const began = performance.now();
    for (let round = 0; round < 5; round++) for (const address of asked) read(address);
    return performance.now() - began;
  };
  const few = createAddressReader(networks.slice(0, 4));
  const many = createAddressReader(networks);
  took(few);
  took(many);
  expect(took(many)).toBeLessThan(10 * took(few) + 20);
});
