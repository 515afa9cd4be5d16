import { describe, expect, test } from "vitest";
import { createAddressReader } from "../../src/normalize/client-address.ts";

const read = createAddressReader(["10.0.0.0/8", "fd00::/8", "192.0.2.7"]);

describe("an address is read as canonical text, and clients are counted by", () => {
  test.for([
    ["IPv4", "198.51.100.7", "198.51.100.7", "198.51.100.7"],
    ["IPv4 with a port", "198.51.100.7:51544", "198.51.100.7", "198.51.100.7"],
    ["IPv4 mapped into IPv6", "::ffff:198.51.100.7", "198.51.100.7", "198.51.100.7"],
    ["IPv4 mapped, in hexadecimal", "::ffff:c633:6407", "198.51.100.7", "198.51.100.7"],
    ["IPv6", "2001:db8:4:8a::19", "2001:db8:4:8a::19", "2001:db8:4:8a::/64"],
    [
      "IPv6, long and in capitals",
      "2001:0DB8:0004:008A:0000:0000:0000:0019",
      "2001:db8:4:8a::19",
      "2001:db8:4:8a::/64",
    ],
    ["IPv6 in brackets with a port", "[2001:db8::1]:443", "2001:db8::1", "2001:db8::/64"],
    ["IPv6 with a zone", "fe80::1%eth0", "fe80::1", "fe80::/64"],
  ] as const)("%s", ([, text, ip, key]) => {
    expect(read(text)).toMatchObject({ ip, key });
    expect(read(text)).toMatchObject({ ip, key });
  });
});

test.for([
  ["nothing", ""],
  ["a word", "unknown"],
  ["a hidden name", "_hidden"],
  ["the unspecified address", "0.0.0.0"],
  ["the unspecified IPv6 address", "::"],
  ["an octal part", "010.1.1.1"],
  ["a hexadecimal part", "0x7f.0.0.1"],
  ["three parts", "10.1.1"],
  ["a part too large", "198.51.100.256"],
  ["five parts", "1.2.3.4.5"],
  ["spaces inside", "1.2. 3.4"],
  ["multicast", "224.0.0.1"],
  ["much text", "1".repeat(10_000)],
])("%s is no client's address", ([, text]) => {
  expect(read(text as string)).toBeUndefined();
});

test.for([
  ["10.1.2.3", { trusted: true, local: true }],
  ["fd12::1", { trusted: true, local: true }],
  ["192.0.2.7", { trusted: true, local: false }],
  ["192.0.2.8", { trusted: false, local: false }],
  ["172.16.0.1", { trusted: false, local: true }],
  ["172.32.0.1", { trusted: false, local: false }],
  ["192.168.1.1", { trusted: false, local: true }],
  ["100.64.0.1", { trusted: false, local: true }],
  ["169.254.1.1", { trusted: false, local: true }],
  ["127.0.0.1", { trusted: false, local: true }],
  ["::1", { trusted: false, local: true }],
  ["::ffff:10.1.2.3", { trusted: true, local: true }],
] as const)("%s: %o", ([text, expected]) => {
  expect(read(text)).toMatchObject(expected);
});
