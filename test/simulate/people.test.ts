import { expect, test } from "vitest";
import { People } from "../../src/simulate/people.ts";
import { Random } from "../../src/simulate/random.ts";

const hour = 3_600_000;
const start = Date.UTC(2026, 7, 24, 0);
const people = new People({ count: 20_000, seed: 3, start, end: start + 72 * hour });
const random = new Random(3, "people");
const isHotel = (ip: string) => ip.startsWith("198.19.171.");

test("who travels is at home, then on the way for hours, and then in a hotel", () => {
  let trips = 0;
  for (let person = 0; person < people.count; person++) {
    const places = Array.from({ length: 72 }, (_, i) => people.visit(person, random, start + i * hour));
    const leaves = places.findIndex((visitor) => visitor === undefined);
    if (leaves <= 0) continue;
    trips++;
    const arrives = places.findIndex((visitor, i) => i > leaves && visitor !== undefined);
    expect(places.slice(0, leaves).every((visitor) => visitor !== undefined && !isHotel(visitor.ip))).toBe(true);
    if (arrives < 0) continue;
    expect(arrives - leaves).toBeGreaterThanOrEqual(5);
    expect(places.slice(arrives).every((visitor) => visitor !== undefined && isHotel(visitor.ip))).toBe(true);
  }
  expect(trips).toBeGreaterThan(50);
}, 30_000);

test("an address is in one place, whoever comes from it", () => {
  const places = new Map<string, string>();
  for (let i = 0; i < 50_000; i++) {
    const visitor = people.visit(random.below(people.count), random, start + (i % 72) * hour);
    if (visitor === undefined) continue;
    const place = `${visitor.place.country} ${visitor.place.asn} ${visitor.place.latitude}`;
    expect({ key: visitor.clientKey, place: places.get(visitor.clientKey) ?? place }).toEqual({
      key: visitor.clientKey,
      place,
    });
    places.set(visitor.clientKey, place);
  }
});

test("hundreds are behind the campus's address, thousands behind the carriers', families behind their own", () => {
  const users = new Map<string, Set<string>>();
  const noon = start + 10 * hour;
  for (let person = 0; person < people.count; person++) {
    for (let i = 0; i < 3; i++) {
      const visitor = people.visit(person, random, noon);
      if (visitor === undefined) continue;
      const group = /^198\.19\.(128|129)\./.exec(visitor.ip)?.[1] ?? visitor.clientKey;
      users.set(group, (users.get(group) ?? new Set()).add(people.account(person)));
    }
  }
  expect(users.get("129")!.size).toBeGreaterThan(200);
  expect(users.get("128")!.size).toBeGreaterThan(5_000);
  const homes = [...users].filter(([key]) => key.includes("::/64")).map(([, accounts]) => accounts.size);
  expect(Math.max(...homes)).toBeLessThanOrEqual(3);
  expect(homes.filter((size) => size > 1).length).toBeGreaterThan(500);
  // A family's account is used from one household, a person's by one person.
  expect(new Set(Array.from({ length: people.count }, (_, i) => people.account(i))).size).toBeLessThan(people.count);
});
