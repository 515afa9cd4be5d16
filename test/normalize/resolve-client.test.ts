import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAddressReader } from "../../src/normalize/client-address.ts";
import { Draft } from "../../src/normalize/draft.ts";
import { createClientResolver, type ResolveRules } from "../../src/normalize/resolve-client.ts";

type Given = Partial<Pick<Draft, "clientIp" | "peerIp" | "forwardedFor" | "forwarded">>;

function resolve(given: Given, rules: ResolveRules = {}) {
  const resolver = createClientResolver(createAddressReader(["10.0.0.0/8", "2001:db8:ffff::/48"]), rules);
  const into: Parameters<typeof resolver>[1] = { address: undefined, trust: "guessed" };
  resolver(Object.assign(new Draft(), given), into);
  return [into.address?.ip, into.trust];
}

describe("the client is", () => {
  test.for<[string, Given, [string | undefined, string]]>([
    ["whom the gateway resolved", { clientIp: "203.0.113.9" }, ["203.0.113.9", "certain"]],
    ["not whom the header names, if the peer is a stranger", { clientIp: "203.0.113.9", forwardedFor: "6.6.6.6" }, ["203.0.113.9", "certain"]],
    ["the rightmost that is not ours", { clientIp: "10.0.0.4", forwardedFor: "6.6.6.6, 203.0.113.9, 10.0.0.7" }, ["203.0.113.9", "certain"]],
    ["in Forwarded as well", { clientIp: "10.0.0.4", forwarded: 'for=6.6.6.6, for="[2001:db8::17]:4711";proto=https, For=10.0.0.7' }, ["2001:db8::17", "certain"]],
    ["guessed, when the header has something else", { clientIp: "10.0.0.4", forwardedFor: "203.0.113.9, unknown" }, ["10.0.0.4", "guessed"]],
    ["guessed, when the header hides it", { clientIp: "10.0.0.4", forwarded: "for=203.0.113.9, for=_hidden" }, ["10.0.0.4", "guessed"]],
    ["guessed, when the element has no for", { clientIp: "10.0.0.4", forwarded: "for=203.0.113.9, proto=http" }, ["10.0.0.4", "guessed"]],
    ["guessed, when all hops are ours", { clientIp: "10.0.0.4", forwardedFor: "10.0.0.9, 10.0.0.7" }, ["10.0.0.4", "guessed"]],
    ["guessed, when there is no header", { clientIp: "10.0.0.4" }, ["10.0.0.4", "guessed"]],
    ["guessed, when it is private", { clientIp: "192.168.1.5", forwardedFor: "203.0.113.9" }, ["192.168.1.5", "guessed"]],
    ["guessed, when a private one comes first from the right", { clientIp: "10.0.0.4", forwardedFor: "203.0.113.9, 192.168.1.5" }, ["192.168.1.5", "guessed"]],
    ["guessed, without any socket address", { forwardedFor: "203.0.113.9" }, ["203.0.113.9", "guessed"]],
    ["unknown, when the address is none", { clientIp: "unix:", forwardedFor: "203.0.113.9" }, [undefined, "guessed"]],
    ["unknown, when nothing is known", {}, [undefined, "guessed"]],
    ["the peer, when only that is known", { peerIp: "203.0.113.9" }, ["203.0.113.9", "certain"]],
    ["past several of ours, with ports, brackets and zones", { clientIp: "10.0.0.4:51544", forwardedFor: "6.6.6.6, 203.0.113.9:4711, [2001:db8:ffff::1%eth0]:443, ::ffff:10.1.2.3" }, ["203.0.113.9", "certain"]],
    ["in the last of several header lines", { clientIp: "10.0.0.4", forwardedFor: "6.6.6.6,7.7.7.7,203.0.113.9" }, ["203.0.113.9", "certain"]],
    ["guessed, behind an empty entry", { clientIp: "10.0.0.4", forwardedFor: "203.0.113.9, , 10.0.0.7" }, ["10.0.0.4", "guessed"]],
    ["guessed, when the header is empty", { clientIp: "10.0.0.4", forwardedFor: "" }, ["10.0.0.4", "guessed"]],
    ["guessed, behind 0.0.0.0", { clientIp: "10.0.0.4", forwardedFor: "203.0.113.9, 0.0.0.0" }, ["10.0.0.4", "guessed"]],
    ["guessed, behind ::", { clientIp: "10.0.0.4", forwarded: 'for=203.0.113.9, for="[::]"' }, ["10.0.0.4", "guessed"]],
    ["guessed, behind an address with something after it", { clientIp: "10.0.0.4", forwardedFor: "203.0.113.9:80:x" }, ["10.0.0.4", "guessed"]],
    ["in Forwarded, though a quote was left open before", { clientIp: "10.0.0.4", forwarded: 'for=6.6.6.6;x=", for="[2001:db8::17]"' }, ["2001:db8::17", "certain"]],
    ["in Forwarded, though quotes and backslashes stand before", { clientIp: "10.0.0.4", forwarded: String.raw`for="a\", for=203.0.113.9` }, ["203.0.113.9", "certain"]],
    ["in Forwarded, with separators inside of quotes", { clientIp: "10.0.0.4", forwarded: 'for=203.0.113.9;host="a,b;for=6.6.6.6"' }, ["203.0.113.9", "certain"]],
    ["in Forwarded, with quotes inside of quotes", { clientIp: "10.0.0.4", forwarded: String.raw`for=203.0.113.9;host="a\",for=6.6.6.6"` }, ["203.0.113.9", "certain"]],
    ["guessed, when an element has two", { clientIp: "10.0.0.4", forwarded: "for=6.6.6.6;for=203.0.113.9" }, ["10.0.0.4", "guessed"]],
    ["certain, when both headers say the same", { clientIp: "10.0.0.4", forwardedFor: "203.0.113.9", forwarded: "for=203.0.113.9" }, ["203.0.113.9", "certain"]],
    ["guessed, when the headers contradict each other", { clientIp: "10.0.0.4", forwardedFor: "203.0.113.9", forwarded: "for=6.6.6.6" }, ["203.0.113.9", "guessed"]],
    ["guessed, when only one header can be read", { clientIp: "10.0.0.4", forwardedFor: "203.0.113.9", forwarded: "for=_x" }, ["203.0.113.9", "guessed"]],
    ["certain, when the gateway resolved it and its peer is ours", { clientIp: "203.0.113.9", peerIp: "10.0.0.4" }, ["203.0.113.9", "certain"]],
    ["certain, when the header says the same as the gateway", { clientIp: "203.0.113.9", peerIp: "10.0.0.4", forwardedFor: "6.6.6.6, 203.0.113.9" }, ["203.0.113.9", "certain"]],
    ["guessed, when the header says another than the gateway", { clientIp: "6.6.6.6", peerIp: "10.0.0.4", forwardedFor: "6.6.6.6, 203.0.113.9" }, ["6.6.6.6", "guessed"]],
    ["guessed, when one header says the same as the gateway, and the other does not", { clientIp: "6.6.6.6", peerIp: "10.0.0.4", forwardedFor: "6.6.6.6", forwarded: "for=203.0.113.9" }, ["6.6.6.6", "guessed"]],
    ["guessed, when the gateway resolved it for a stranger", { clientIp: "6.6.6.6", peerIp: "203.0.113.9" }, ["6.6.6.6", "guessed"]],
    ["certain, when the gateway resolved it for a private peer", { clientIp: "203.0.113.9", peerIp: "172.16.0.4", forwardedFor: "6.6.6.6, 203.0.113.9" }, ["203.0.113.9", "certain"]],
    ["guessed, when the header contradicts that", { clientIp: "6.6.6.6", peerIp: "172.16.0.4", forwardedFor: "6.6.6.6, 203.0.113.9" }, ["6.6.6.6", "guessed"]],
    ["certain, when the gateway and the peer are the same but for the port", { clientIp: "203.0.113.9:1", peerIp: "203.0.113.9:2", forwardedFor: "6.6.6.6" }, ["203.0.113.9", "certain"]],
    ["whom the gateway resolved, when its peer is a local socket", { clientIp: "203.0.113.9", peerIp: "unix:" }, ["203.0.113.9", "certain"]],
  ])("%s", ([, given, expected]) => {
    expect(resolve(given)).toEqual(expected);
  }); // prettier-ignore

  test.for<[string, ResolveRules, Given, [string | undefined, string]]>([
    ["never taken from headers where the gateway's word is asked for", { clientIpFrom: "gateway" }, { clientIp: "10.0.0.4", forwardedFor: "203.0.113.9" }, ["10.0.0.4", "guessed"]],
    ["not guessed from the header either, then", { clientIpFrom: "gateway" }, { forwardedFor: "203.0.113.9" }, [undefined, "guessed"]],
    ["whom PROXY protocol announced, where the gateway's word is asked for", { clientIpFrom: "gateway" }, { clientIp: "203.0.113.9", peerIp: "10.0.0.4", forwardedFor: "6.6.6.6" }, ["203.0.113.9", "certain"]],
    ["walked from the peer where headers are asked for", { clientIpFrom: "forwarded" }, { clientIp: "6.6.6.6", peerIp: "10.0.0.4", forwardedFor: "203.0.113.9" }, ["203.0.113.9", "certain"]],
    ["taken from the header that is named alone", { header: "forwarded" }, { clientIp: "10.0.0.4", forwardedFor: "6.6.6.6", forwarded: "for=203.0.113.9" }, ["203.0.113.9", "certain"]],
    ["not taken from the other one", { header: "x-forwarded-for" }, { clientIp: "10.0.0.4", forwarded: "for=203.0.113.9" }, ["10.0.0.4", "guessed"]],
    ["the N-th from the right without a socket address", { hops: 2 }, { forwardedFor: "6.6.6.6, 203.0.113.9, 192.0.2.1" }, ["203.0.113.9", "guessed"]],
    ["certain there, once nobody can get past the hops", { hops: 2, everyRequestPassesHops: true }, { forwardedFor: "6.6.6.6, 203.0.113.9, 192.0.2.1" }, ["203.0.113.9", "certain"]],
    ["the N-th in Forwarded as well", { hops: 2, everyRequestPassesHops: true }, { forwarded: "for=6.6.6.6, for=203.0.113.9, for=192.0.2.1" }, ["203.0.113.9", "certain"]],
    ["unknown, when there are too few hops", { hops: 3, everyRequestPassesHops: true }, { forwardedFor: "203.0.113.9, 192.0.2.1" }, [undefined, "guessed"]],
    ["guessed, when the N-th is one of ours", { hops: 1, everyRequestPassesHops: true }, { forwardedFor: "6.6.6.6, 10.0.0.7" }, ["10.0.0.7", "guessed"]],
    ["guessed, when there are two headers to count in", { hops: 1, everyRequestPassesHops: true }, { forwardedFor: "203.0.113.9", forwarded: "for=6.6.6.6" }, ["203.0.113.9", "guessed"]],
    ["walked all the same where there is a socket address", { hops: 2, everyRequestPassesHops: true }, { clientIp: "10.0.0.4", forwardedFor: "6.6.6.6, 203.0.113.9" }, ["203.0.113.9", "certain"]],
  ])("%s", ([, rules, given, expected]) => {
    expect(resolve(given, rules)).toEqual(expected);
  }); // prettier-ignore
});

/** What clients send: broken lists, quotes, our own addresses, the address that they want to be taken for. */
const forged = "6.6.6.6";
const entry = fc.oneof(
  fc.constantFrom(
    forged,
    "10.0.0.1",
    "unknown",
    "",
    "::1",
    `"${forged}"`,
    `for=${forged}`,
    '"',
    "\\",
    ";",
    "[::",
    "0.0.0.0",
  ),
  fc.string({ unit: "binary" }),
);
const list = fc
  .array(entry, { maxLength: 8 })
  .chain((entries) => fc.constantFrom(entries.join(", "), entries.join("")));
const own = "203.0.113.9";

describe("whatever a client writes into the headers", () => {
  test("it is itself, and certain, when it comes directly", () => {
    fc.assert(
      fc.property(list, list, fc.boolean(), (forwardedFor, forwarded, logsBoth) => {
        const given = logsBoth ? { clientIp: own, peerIp: own } : { clientIp: own };
        expect(resolve({ ...given, forwardedFor, forwarded })).toEqual([own, "certain"]);
      }),
    );
  });

  test.for([
    ["X-Forwarded-For", "x-forwarded-for", (left: string) => ({ forwardedFor: `${left}, ${own}`, forwarded: left })],
    [
      "X-Forwarded-For of two hops",
      "x-forwarded-for",
      (left: string) => ({ forwardedFor: `${left}, ${own},10.0.0.7` }),
    ],
    ["Forwarded", "forwarded", (left: string) => ({ forwarded: `${left}, for=${own}`, forwardedFor: left })],
    ["Forwarded, quoted", "forwarded", (left: string) => ({ forwarded: `${left}, for="${own}:443";host="a,b"` })],
    ["X-Forwarded-For alone, unnamed", "auto", (left: string) => ({ forwardedFor: `${left}, ${own}` })],
    ["Forwarded alone, unnamed", "auto", (left: string) => ({ forwarded: `${left}, for=${own}` })],
  ] as const)("it is itself, and certain, when our hop appends it to %s", ([, header, headers]) => {
    fc.assert(
      fc.property(list, (left) => {
        expect(resolve({ clientIp: "10.0.0.4", ...headers(left) }, { header })).toEqual([own, "certain"]);
      }),
    );
  });

  test("it is never certain that it is somebody else, whichever header our hop writes", () => {
    fc.assert(
      fc.property(list, list, fc.boolean(), fc.boolean(), (left, other, writesForwarded, isResolved) => {
        const headers = writesForwarded
          ? { forwarded: `${left}, for=${own}`, forwardedFor: other }
          : { forwardedFor: `${left}, ${own}`, forwarded: other };
        // A gateway that goes by the left end of the list believes the client.
        const given = isResolved ? { clientIp: forged, peerIp: "10.0.0.4" } : { clientIp: "10.0.0.4" };
        const [ip, trust] = resolve({ ...given, ...headers });
        expect(trust === "guessed" || ip === own).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test("headers alone never make anything certain", () => {
    fc.assert(
      fc.property(list, list, fc.nat(4), (forwardedFor, forwarded, hops) => {
        expect(resolve({ forwardedFor, forwarded }, { hops })[1]).toBe("guessed");
      }),
    );
  });
});

describe("a header of megabytes costs next to nothing", () => {
  const million = 1_000_000;
  test.for<[string, Given, string]>([
    ["many addresses of others", { forwardedFor: `${"6.6.6.6,".repeat(million / 8)}10.0.0.2` }, "6.6.6.6"],
    ["many addresses of ours: nobody has so many hops", { forwardedFor: "10.0.0.1,".repeat(million / 9) + own }, own],
    ["more of our hops than there can be", { forwardedFor: `6.6.6.6,${"10.0.0.1,".repeat(million / 9)}10.0.0.2` }, "10.0.0.4"],
    ["commas", { forwardedFor: ",".repeat(million) }, "10.0.0.4"],
    ["one long entry", { forwardedFor: "1".repeat(million) }, "10.0.0.4"],
    ["spaces", { forwardedFor: `6.6.6.6,${" ".repeat(million)}` }, "10.0.0.4"],
    ["quotes", { forwarded: '"'.repeat(million) }, "10.0.0.4"],
    ["backslashes", { forwarded: `${"\\".repeat(million)}"` }, "10.0.0.4"],
    ["semicolons", { forwarded: ";".repeat(million) }, "10.0.0.4"],
    ["elements without for", { forwarded: "a=b,".repeat(million / 4) }, "10.0.0.4"],
    ["elements of ours", { forwarded: "for=10.0.0.1,".repeat(million / 13) }, "10.0.0.4"],
  ])("%s", ([, headers, expected]) => {
    const began = performance.now();
    for (let i = 0; i < 20; i++) expect(resolve({ clientIp: "10.0.0.4", ...headers })[0]).toBe(expected);
    expect(performance.now() - began).toBeLessThan(1_000);
  }); // prettier-ignore
});
