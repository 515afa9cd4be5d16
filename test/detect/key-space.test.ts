import { expect, test } from "vitest";
import { KeySpace } from "../../src/detect/key-space.ts";
import type { Dimension } from "../../src/detect/define-detector.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { aLane } from "../support/a-lane.ts";
import { anEvent } from "../support/an-event.ts";

const start = Date.UTC(2026, 7, 22, 9);
const client = "203.0.113.7";

function aSpace() {
  const space = new KeySpace(["clientIp"], 32);
  space.addLane(aLane(undefined, space.table.capacity));
  let serial = 0;
  const rowOf = (clientIp: string, at = start) => {
    const event = anEvent({ clientIp, time: at });
    const row = space.rowOf(event, ++serial);
    if (clientIp === client) space.remember(row, event);
    return row;
  };
  /** Far more keys than there is room for, later than everything else. */
  const flood = () => {
    for (let i = 0; i < 1_000; i++) rowOf(`10.0.${i >> 8}.${i & 255}`, start + 3_600_000 + i);
  };
  return { space, rowOf, flood, holds: (clientIp: string) => space.find({ clientIp }) !== -1 };
}

test("a row stays while any of its episodes is open", () => {
  const { space, rowOf, flood, holds } = aSpace();
  const row = rowOf(client);
  space.pin(row);
  space.pin(row);
  space.unpin(row, client);
  flood();
  expect(holds(client)).toBe(true);
  space.unpin(row, client);
  flood();
  expect(holds(client)).toBe(false);
});

test("the end of an episode whose key lost its row doesn't unpin whoever has it now", () => {
  const { space, rowOf, flood, holds } = aSpace();
  const row = rowOf(client);
  space.pin(row);
  space.unpin(row, "a key that had this row before");
  flood();
  expect(holds(client)).toBe(true);
});

test("a key's text is kept while something may be found about it: until its last bucket is sealed, and its episodes are over", () => {
  const { space, rowOf } = aSpace();
  const row = rowOf(client);
  const [lane] = space.lanes;
  lane!.hot.set(row, 5);
  lane!.sealed(4);
  expect(space.names.get(row)).toBe(client);
  space.pin(row);
  lane!.sealed(5);
  expect(space.names.get(row)).toBe(client);
  space.unpin(row, client);
  expect(space.names.size).toBe(0);
  rowOf(client);
  lane!.hot.set(row, 7);
  lane!.sealed(7);
  expect(space.names.size).toBe(0);
});

test("a row that can still matter to a window that is not sealed is not taken for free", () => {
  const { space, rowOf } = aSpace();
  const lane = space.lanes[0]!;
  for (let i = 0; space.table.used < space.table.capacity; i++) rowOf(`10.0.${i >> 8}.${i & 255}`);
  const before = space.table.evicted;
  rowOf(client, start + lane.windowMs + 5_000);
  expect(space.table.evicted).toBe(before + 1);
  rowOf("203.0.113.8", start + lane.keepMs + 60_000);
  expect(space.table.evicted).toBe(before + 1);
});

test.for<[string, Partial<AccessEvent>, readonly Dimension[], string | undefined]>([
  ["the surest name: the user", { userId: "anna", apiKey: "k" }, ["actor"], "user:anna"],
  ["else the API key", { apiKey: "k" }, ["actor"], "key:k"],
  ["else the client", {}, ["actor"], `ip:${client}`],
  ["else nobody", { clientIp: undefined, clientKey: undefined }, ["actor"], undefined],
  ["the network around an IPv4 address", {}, ["network"], "203.0.113.0/24"],
  ["the network around an IPv6 client", { clientKey: "2001:db8:1:2::/64" }, ["network"], "2001:db8:1::/48"],
  ["a network that ends in zeros", { clientKey: "2001:db8:0:7::/64" }, ["network"], "2001:db8::/48"],
  ["a network of zeros alone", { clientKey: "::/64" }, ["network"], "::/48"],
  ["no network without a client", { clientKey: undefined }, ["network"], undefined],
  [
    "the host and the role",
    { host: "api.shop.example", role: "staff" },
    ["host", "role"],
    "api.shop.example\u001fstaff",
  ],
  ["what the shop names", { attributes: { promoCode: "SUMMER" } }, ["promoCode"], "SUMMER"],
  ["nothing, where the shop names none", { attributes: {} }, ["cardBin"], undefined],
  ["numbers as text", { asn: 64_500 }, ["asn"], "64500"],
  ["all parts, in order", { country: "DE", endpointClass: "login" }, ["endpointClass", "country"], "login\u001fDE"],
  ["nothing, where a part is unknown", { endpointClass: "login" }, ["endpointClass", "country"], undefined],
])("a key is made of %s", ([, partial, of, expected]) => {
  const space = new KeySpace(of, 32);
  const event = anEvent({ clientIp: client, clientKey: client, ...partial });
  expect(space.nameOf(event)).toBe(expected);
  const row = space.rowOf(event, 1);
  expect(row === -1).toBe(expected === undefined);
  if (expected === undefined) return;
  space.remember(row, event);
  expect(space.find(space.keyOf(row))).toBe(row);
});

test("a row that something may be found about tells its key, and is found by it", () => {
  const space = new KeySpace(["endpointClass", "country"], 32);
  const event = anEvent({ endpointClass: "login", country: "DE" });
  const row = space.rowOf(event, 1);
  expect(space.keyOf(row)).toEqual({ endpointClass: "", country: "" });
  space.remember(row, event);
  expect(space.keyOf(row)).toEqual({ endpointClass: "login", country: "DE" });
  expect(space.find({ endpointClass: "login", country: "DE" })).toBe(row);
  expect(space.find({ endpointClass: "login", country: "FR" })).toBe(-1);
});
