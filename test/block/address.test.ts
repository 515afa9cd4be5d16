import { describe, expect, test } from "vitest";
import { formatNetwork, overlaps, parseAddress, parseNetwork } from "../../src/block/address.ts";
import { NetworkMap } from "../../src/block/network-map.ts";
import { canonicalTarget } from "../../src/block/target.ts";
import { specialKind } from "../../src/block/special-networks.ts";

describe("reading addresses and ranges", () => {
  test.for([
    ["203.0.113.7", "203.0.113.7"],
    ["203.0.113.7/24", "203.0.113.0/24"],
    ["203.0.113.7/32", "203.0.113.7"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7/120", "203.0.113.0/24"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8::1/64", "2001:db8::/64"],
    ["fe80::1%eth0", "fe80::1"],
  ] as const)("%s is %s", ([text, canonical]) => {
    const network = parseNetwork(text);
    expect(network && formatNetwork(network)).toBe(canonical);
  });

  test.for([
    "",
    "203.0.113",
    "203.0.113.7.",
    "0x7f.1",
    "2130706433",
    "010.0.0.1",
    "203.0.113.7/33",
    "203.0.113.7/-1",
    "203.0.113.7/",
    "::/129",
    "::ffff:1.2.3.4/95",
    "alice",
    "1:2",
    "[::1]",
  ])("%j is none", (text) => {
    expect(parseNetwork(text)).toBeUndefined();
  });

  test("an address is no range", () => {
    expect(parseAddress("203.0.113.0/24")).toBeUndefined();
  });

  test("ranges that share an address overlap, whichever is wider", () => {
    const [wide, narrow, other] = ["203.0.112.0/20", "203.0.113.7", "198.51.100.0/24"].map((text) =>
      parseNetwork(text)!,
    );
    expect([overlaps(wide!, narrow!), overlaps(narrow!, wide!), overlaps(wide!, other!)]).toEqual([true, true, false]);
  });
});

describe("the one way to write a target", () => {
  test.for([
    ["an IPv6 client is its /64", "ip", "2001:db8:0:1::7", "range", "2001:db8:0:1::/64"],
    ["a /64 given as an address is a range", "ip", "2001:db8::/64", "range", "2001:db8::/64"],
    ["a range of one address is that address", "range", "203.0.113.7/32", "ip", "203.0.113.7"],
    ["a range has no host bits", "range", "203.0.113.7/24", "range", "203.0.113.0/24"],
    ["a country is upper case", "country", "aq", "country", "AQ"],
    ["a network's number has no AS", "as", "AS64500", "as", "64500"],
    ["a user stays as it is", "user", "Alice", "user", "Alice"],
  ] as const)("%s", ([, scope, value, thenScope, thenValue]) => {
    expect(canonicalTarget({ scope, value })).toEqual({ scope: thenScope, value: thenValue });
  });

  test.for([
    ["ip", "nobody"],
    ["country", "Antarctica"],
    ["as", "twelve"],
    ["user", ""],
    ["user", "a\u001b[31m"],
    ["session", "x".repeat(257)],
  ] as const)("%s %j is none", ([scope, value]) => {
    expect(canonicalTarget({ scope, value })).toBeUndefined();
  });
});

describe("which networks contain an address", () => {
  const map = new NetworkMap<string>();
  const entries = ["203.0.113.0/24", "203.0.113.0", "203.0.112.0/20", "2001:db8::/32", "0.0.0.0/0"];
  for (const text of entries) map.set(parseNetwork(text)!, text);

  test.for([
    ["203.0.113.0", ["0.0.0.0/0", "203.0.112.0/20", "203.0.113.0", "203.0.113.0/24"]],
    ["203.0.113.7", ["0.0.0.0/0", "203.0.112.0/20", "203.0.113.0/24"]],
    ["203.0.113.0/24", ["0.0.0.0/0", "203.0.112.0/20", "203.0.113.0/24"]],
    ["2001:db8::7", ["2001:db8::/32"]],
    ["2001:db9::7", []],
  ] as const)("%s", ([text, expected]) => {
    expect([...map.containing(parseNetwork(text)!)].sort()).toEqual(expected);
  });

  test("not those that were taken out", () => {
    const small = new NetworkMap<string>();
    small.set(parseNetwork("203.0.113.0/24")!, "a");
    small.delete(parseNetwork("203.0.113.0/25")!);
    expect(small.size).toBe(1);
    small.delete(parseNetwork("203.0.113.0/24")!);
    expect([small.size, ...small.containing(parseNetwork("203.0.113.7")!)]).toEqual([0]);
  });
});

test.for([
  ["10.1.2.3", "private"],
  ["100.64.0.1", "carrier-grade NAT"],
  ["127.0.0.1", "loopback"],
  ["169.254.169.254", "link-local"],
  ["::1", "loopback"],
  ["fd00::1", "private"],
  ["fe80::1", "link-local"],
  ["0.0.0.0/0", "no address"],
  ["203.0.113.7", undefined],
  ["2001:db8::/64", undefined],
] as const)("%s is special: %s", ([text, kind]) => {
  const found = specialKind(parseNetwork(text)!);
  expect(found?.replace(/ \(.*/, "")).toBe(kind);
});
