import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAddressReader } from "../../src/normalize/client-address.ts";
import { Draft } from "../../src/normalize/draft.ts";
import type { ProxiesConfig } from "../../src/normalize/proxies-config.ts";
import { createClientResolver } from "../../src/normalize/resolve-client.ts";

type Given = Partial<Pick<Draft, "clientIp" | "peerIp" | "forwardedFor" | "forwarded">>;

function resolve(given: Given, clientIpFrom: ProxiesConfig["clientIpFrom"] = "auto") {
  const resolver = createClientResolver(createAddressReader(["10.0.0.0/8"]), clientIpFrom);
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
  ])("%s", ([, given, expected]) => {
    expect(resolve(given)).toEqual(expected);
  }); // prettier-ignore

  test("never taken from headers where the gateway's word is asked for", () => {
    expect(resolve({ clientIp: "10.0.0.4", forwardedFor: "203.0.113.9" }, "gateway")).toEqual(["10.0.0.4", "guessed"]);
  });

  test("walked from the peer where headers are asked for", () => {
    const given = { clientIp: "6.6.6.6", peerIp: "10.0.0.4", forwardedFor: "203.0.113.9" };
    expect(resolve(given, "forwarded")).toEqual(["203.0.113.9", "certain"]);
  });
});

test("whatever a client writes into the headers, it is never certain that it is somebody else", () => {
  const forged = "6.6.6.6";
  const own = "203.0.113.9";
  const entry = fc.oneof(fc.constantFrom(forged, "10.0.0.1", "unknown", "", "::1", `"${forged}"`), fc.string());
  const list = fc.array(entry, { maxLength: 8 }).map((entries) => entries.join(", "));
  fc.assert(
    fc.property(list, list, fc.boolean(), (forwardedFor, forwarded, behindProxy) => {
      // Our own hop appends the address it saw; a client that comes directly is the peer itself.
      const [ip, trust] = behindProxy
        ? resolve({ clientIp: "10.0.0.4", forwardedFor: `${forwardedFor}, ${own}`, forwarded })
        : resolve({ clientIp: own, forwardedFor, forwarded });
      expect([ip, trust]).toEqual([own, "certain"]);
    }),
  );
});

test("a forged list of any length is walked in no time", () => {
  const forwardedFor = `${"6.6.6.6,".repeat(100_000)}${"10.0.0.1,".repeat(100_000)}10.0.0.2`;
  expect(resolve({ clientIp: "10.0.0.4", forwardedFor })).toEqual(["6.6.6.6", "certain"]);
});
