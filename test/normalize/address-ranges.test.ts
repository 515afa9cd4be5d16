import * as fc from "fast-check";
import ipaddr from "ipaddr.js";
import { expect, test } from "vitest";
import { AddressRanges, isNetwork } from "../../src/normalize/address-ranges.ts";
import { parseIPv4 } from "../../src/normalize/ipv4.ts";

const has = (ranges: AddressRanges, address: string) =>
  address.includes(":") ? ranges.hasIPv6(ipaddr.IPv6.parse(address).parts) : ranges.hasIPv4(parseIPv4(address));

test.for([
  ["the first address", "192.0.2.0", true],
  ["the last address", "192.0.2.255", true],
  ["one below", "192.0.1.255", false],
  ["one above", "192.0.3.0", false],
  ["a single address", "203.0.113.9", true],
  ["its neighbour", "203.0.113.10", false],
  ["a network whose host bits were written, too", "10.255.255.255", true],
  ["a network written as IPv4 in IPv6", "198.51.100.200", true],
  ["the last of all", "255.255.255.255", true],
  ["IPv6", "2001:db8:ffff:ffff::1", true],
  ["IPv6, one above", "2001:db9::", false],
  ["the last of all IPv6", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true],
] as const)("%s: %s is %s", ([, address, expected]) => {
  const ranges = new AddressRanges([
    "192.0.2.0/24", "203.0.113.9", "10.1.2.3/8", "::ffff:198.51.100.0/120", "255.255.255.255", "2001:db8::/32", "ffff::/16",
  ]); // prettier-ignore
  expect(has(ranges, address)).toBe(expected);
});

test("nothing is in no ranges, everything in all", () => {
  expect(has(new AddressRanges([]), "192.0.2.1") || has(new AddressRanges([]), "::1")).toBe(false);
  expect(has(new AddressRanges(["0.0.0.0/0", "::/0"]), "192.0.2.1")).toBe(true);
  expect(has(new AddressRanges(["0.0.0.0/0", "::/0"]), "2001:db8::1")).toBe(true);
});

const byte = fc.integer({ min: 0, max: 3 });
const v4 = fc.tuple(byte, byte, byte, byte).map((parts) => parts.join("."));
const v6 = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 8, maxLength: 8 }).map((parts) => parts.join(":"));

test.for([
  ["IPv4", v4, 32],
  ["IPv6", v6, 128],
] as const)("%s: whatever the ranges, they answer as a look at each of them", ([, address, bits]) => {
  const network = fc.tuple(address, fc.nat(bits)).map((parts) => parts.join("/"));
  fc.assert(
    fc.property(fc.array(network, { maxLength: 12 }), address, (networks, asked) => {
      const parsed = ipaddr.parse(asked);
      const each = networks.some((text) => parsed.match(ipaddr.parseCIDR(text)));
      expect(has(new AddressRanges(networks), asked)).toBe(each);
    }),
  );
});

test.for([
  ["10.0.0.0/8", true], ["10.0.0.1", true], ["2001:db8::/32", true], ["10.0.0.0/33", false], ["10.0.0/8", false],
  ["cloudflare", false], ["", false], ["/8", false], ["10.0.0.0/", false],
] as const)("%s is a network: %s", ([text, expected]) => {
  expect(isNetwork(text)).toBe(expected);
}); // prettier-ignore
