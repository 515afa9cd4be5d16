import * as fc from "fast-check";
import ipaddr from "ipaddr.js";
import { expect, test } from "vitest";
import { createPlainIPv6Reader } from "../../src/normalize/ipv6.ts";

const read = createPlainIPv6Reader();

test.for([
  ["2001:db8:4:8a::19", "2001:db8:4:8a"],
  ["2001:db8::1", "2001:db8"],
  ["2001:db8:0:1:2:3:4:5", "2001:db8:0:1"],
  ["2001:db8:4:8a:5::", "2001:db8:4:8a"],
  ["fe80::1", "fe80"],
] as const)("%s is read; its network begins with %s", ([text, network]) => {
  expect(text.slice(0, read(text)?.networkLength)).toBe(network);
});

test.for([
  ["capitals", "2001:DB8::1"],
  ["a zero ahead", "2001:0db8::1"],
  ["zeros written out", "2001:db8:0:0:0:0:0:1"],
  ["`::` for one zero", "2001:db8:1:2:3::5:6"],
  ["`::` for the shorter row", "2001::1:0:0:0:1"],
  ["`::` for the second of two rows", "2001:0:0:1:2::1"],
  ["a zero beside `::`", "2001::0:e06f:2131"],
  ["a zero behind the network", "2001:db8:1:0:5::7"],
  ["what is written as IPv4", "::ffff:198.51.100.7"],
  ["loopback", "::1"],
  ["nothing", ""],
  ["one colon at the end", "2001:db8:"],
  ["three colons", "2001:db8:::1"],
  ["`::` twice", "2001::db8::1"],
  ["nine groups", "1:2:3:4:5:6:7:8:9"],
  ["seven groups", "1:2:3:4:5:6:7"],
  ["a zone", "fe80::1%eth0"],
  ["five digits", "2001:db8::12345"],
])("%s is left to others", ([, text = ""]) => {
  expect(read(text)).toBeUndefined();
});

test("what is read is what ipaddr.js reads, and written as RFC 5952 has it", () => {
  const group = fc.oneof(fc.constant(0), fc.nat(15), fc.nat(0xffff));
  const written = fc
    .tuple(fc.array(group, { minLength: 8, maxLength: 8 }), fc.boolean())
    .map(([groups, isShort]) => new ipaddr.IPv6(groups)[isShort ? "toRFC5952String" : "toNormalizedString"]());
  const changed = fc
    .tuple(written, fc.nat(), fc.constantFrom("", ":", "::", "0", "f", "F", ".", "%", "g"), fc.nat(2))
    .map(([text, at, piece, less]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + piece + text.slice(cut + less);
    });
  let count = 0;
  fc.assert(
    fc.property(fc.oneof(written, changed), (text) => {
      const found = read(text);
      if (found === undefined) return;
      count++;
      const { parts } = ipaddr.IPv6.parse(text);
      const network = new ipaddr.IPv6([...parts.slice(0, 4), 0, 0, 0, 0]);
      expect(found.groups).toEqual(parts);
      expect(text).toBe(ipaddr.IPv6.parse(text).toRFC5952String());
      expect(`${text.slice(0, found.networkLength)}::`).toBe(network.toRFC5952String());
    }),
    { numRuns: 20_000 },
  );
  // Or the property would hold of a reader that reads nothing.
  expect(count).toBeGreaterThan(1_000);
});
