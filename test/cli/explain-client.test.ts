import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClientExplainer, clientReasons, type ExplainedClient } from "../../src/cli/explain-client.ts";
import { createAddressReader } from "../../src/normalize/client-address.ts";
import { Draft } from "../../src/normalize/draft.ts";
import { proxiesConfig, type ProxiesConfig } from "../../src/normalize/proxies-config.ts";
import { createClientResolver, type ResolvedClient } from "../../src/normalize/resolve-client.ts";
import { loadTrustedNetworks } from "../../src/normalize/trusted-networks.ts";

const networks = await loadTrustedNetworks(["10.0.0.0/8", "cloudflare"], "/no/such/folder");
const ours = "10.0.0.1";
const theirs = "198.51.100.23";
const other = "203.0.113.9";

type Addresses = Partial<Pick<Draft, "clientIp" | "peerIp" | "forwardedFor" | "forwarded" | "claimedIp">>;
type Rules = Partial<Omit<ProxiesConfig, "trusted">>;

test.for<[ExplainedClient["reason"], "certain" | "guessed", Addresses, Rules]>([
  ["no-address", "guessed", {}, {}],
  ["no-address", "guessed", { forwardedFor: "x" }, {}],
  ["unreadable", "guessed", { clientIp: "x", forwardedFor: theirs }, {}],
  ["header-alone", "guessed", { forwardedFor: theirs }, {}],
  ["nth-entry", "guessed", { forwardedFor: `${theirs}, ${ours}` }, { hops: 2 }],
  ["nth-entry-sure", "certain", { forwardedFor: `${theirs}, ${ours}` }, { hops: 2, everyRequestPassesHops: true }],
  ["not-ours", "certain", { clientIp: theirs, forwardedFor: other }, {}],
  ["private", "guessed", { clientIp: "192.168.0.1" }, {}],
  ["disputed", "guessed", { clientIp: theirs, peerIp: ours, forwardedFor: other }, {}],
  ["walked", "certain", { clientIp: ours, forwardedFor: `${other}, ${theirs}, 10.0.0.9` }, {}],
  ["walked", "certain", { clientIp: ours, forwarded: `for=${other}, for=${theirs}` }, {}],
  ["walked-private", "guessed", { clientIp: ours, forwardedFor: "192.168.0.1" }, {}],
  ["all-ours", "guessed", { clientIp: ours, forwardedFor: "10.0.0.2, 10.0.0.3" }, {}],
  ["all-ours", "guessed", { clientIp: ours, forwardedFor: `${theirs}, unknown, 10.0.0.3` }, {}],
  ["both-headers", "guessed", { clientIp: ours, forwardedFor: theirs, forwarded: `for=${other}` }, {}],
  ["gateway-only", "guessed", { clientIp: ours, forwardedFor: theirs }, { clientIpFrom: "gateway" }],
  ["claimed", "guessed", { clientIp: ours, claimedIp: theirs }, {}],
])("%s, %s: %j %j", ([reason, trust, addresses, rules]) => {
  expect(explain(addresses, rules)).toMatchObject({ reason, trust });
  expect(clientReasons[reason]).toMatch(/\w/);
});

describe("hops", () => {
  test("from right to left, each with its verdict; the rest was not looked at", () => {
    const { hops, unread } = explain({
      clientIp: ours,
      forwardedFor: `1.1.1.1,${other}, ${theirs}, 104.16.0.7,10.0.0.9`,
    });
    expect(hops.map(({ text, verdict }) => `${text}: ${verdict}`)).toEqual([
      "10.0.0.1: one of ours, trusted by 10.0.0.0/8",
      "10.0.0.9: one of ours, trusted by 10.0.0.0/8",
      "104.16.0.7: one of ours, trusted by 104.16.0.0/13 (cloudflare)",
      "198.51.100.23: taken for the client, not ours",
    ]);
    expect(unread).toEqual([other, "1.1.1.1"]);
  });

  test("an entry that is no address stops the walk, and its secrets are not told", () => {
    const { hops, unread } = explain({ clientIp: ours, forwardedFor: `${theirs}, token=Zm9vYmFyYmF6cXV4, 10.0.0.9` });
    expect(hops.at(-1)).toMatchObject({ place: "x-forwarded-for", verdict: "no address: the walk stops here" });
    expect(hops.at(-1)?.text).not.toContain("Zm9v");
    expect(unread).toEqual([theirs]);
  });

  test("a header as long as it likes is shown in part", () => {
    const { hops, unread } = explain({ clientIp: theirs, forwardedFor: `${"x".repeat(500)},`.repeat(2000) });
    expect(hops).toHaveLength(1);
    expect(unread.length).toBeLessThanOrEqual(6);
    expect(Math.max(...unread.map(({ length }) => length))).toBeLessThanOrEqual(61);
  });
});

test("the trace changes nothing, whatever the addresses and the rules", () => {
  const address = fc.constantFrom(
    undefined,
    "",
    "x",
    ours,
    theirs,
    other,
    "192.168.0.1",
    "2001:db8::1",
    "[2001:db8::1]:4",
  );
  const list = fc.array(address, { maxLength: 4 }).map((entries) => entries.join(","));
  const addresses = fc.record({
    ...{ clientIp: address, peerIp: address, claimedIp: address },
    forwardedFor: fc.option(list, { nil: undefined }),
    forwarded: fc.option(
      list.map((text) => text.replaceAll(/[^,]+/g, 'for="$&"')),
      { nil: undefined },
    ),
  });
  const rules = fc.record({
    clientIpFrom: fc.constantFrom("auto", "gateway", "forwarded"),
    header: fc.constantFrom("auto", "x-forwarded-for", "forwarded"),
    hops: fc.nat({ max: 3 }),
    everyRequestPassesHops: fc.boolean(),
  });
  fc.assert(
    fc.property(addresses, rules, (given, rule) => {
      const { trust, reason, hops } = explain(given, rule);
      const plain = resolved(given, rule);
      expect(trust).toBe(plain.trust);
      const sure = ["not-ours", "walked", "nth-entry-sure"].includes(reason);
      expect(sure).toBe(trust === "certain");
      expect(hops.some(({ verdict }) => verdict.startsWith("taken"))).toBe(plain.address !== undefined);
    }),
    { numRuns: 2000 },
  );
});

// helpers

function draftOf(addresses: Addresses): Draft {
  const draft = new Draft();
  draft.reset();
  return Object.assign(draft, addresses);
}

function explain(addresses: Addresses, rules: Rules = {}): ExplainedClient {
  return new ClientExplainer({ proxies: proxiesConfig.parse(rules), networks }).explain(draftOf(addresses));
}

function resolved(addresses: Addresses, rules: Rules): ResolvedClient {
  const client: ResolvedClient = { address: undefined, trust: "guessed" };
  createClientResolver(createAddressReader(networks.prefixes), rules)(draftOf(addresses), client);
  return client;
}
