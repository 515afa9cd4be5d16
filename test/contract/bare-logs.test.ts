import { describe, expect, test } from "vitest";
import { aNormalizer, arrivedAt, normalizeAll } from "../support/normalizing.ts";
import { anEngine, shippedDetectors } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

// nginx's combined format has an address, a path, a status and a user agent: no user, no session, no
// place, no reason. What detectors of identities make of it: they say what they lack, take more of what
// there is, and stay silent where they can't see.

interface Line {
  /** Seconds after the first. */
  readonly at: number;
  readonly client: string;
  readonly method?: string;
  readonly path: string;
  readonly status: number;
  readonly agent?: string;
}

const start = arrivedAt - 4 * 3_600_000;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** In combined's own time format, to the second. */
function written({ at, client, method = "POST", path, status, agent = "Mozilla/5.0" }: Line): string {
  const time = new Date(start + at * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const clock = [time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds()].map(two).join(":");
  const day = `${two(time.getUTCDate())}/${months[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
  return `${client} - - [${day}:${clock} +0000] "${method} ${path} HTTP/1.1" ${status} 512 "-" "${agent}"`;
}

/** So many lines, evenly spaced, each with its own number. */
function lines(count: number, everySeconds: number, line: (i: number) => Omit<Line, "at"> & { at?: number }): Line[] {
  return Array.from({ length: count }, (_, i) => {
    const { at = 0, ...rest } = line(i);
    return { ...rest, at: at + i * everySeconds };
  });
}

const coverage = {
  "account-enumeration": "reduced",
  "account-under-attack": "blind",
  "api-key-sharing": "blind",
  "country-surge": "blind",
  "credential-stuffing": "reduced",
  "distributed-stuffing": "reduced",
  "impossible-travel": "blind",
  "low-and-slow-login": "reduced",
  "password-guessing": "blind",
  "password-reset-abuse": "reduced",
  "password-reset-bombing": "blind",
  "signup-abuse": "reduced",
  "stuffing-by-country": "blind",
  "stuffing-by-network": "blind",
  "stuffing-by-user-agent": "reduced",
  "stuffing-success": "reduced",
  "token-rejection": "reduced",
  "token-rejection-surge": "reduced",
  "token-sharing": "blind",
} as const;

const detectors = shippedDetectors.filter(({ definition }) => definition.id in coverage);

/** Ids of what was found, and the coverage of each detector. */
function judge(all: readonly Line[]) {
  const records = all.toSorted((a, b) => a.at - b.at).map(written);
  const { events, rejected } = normalizeAll(aNormalizer(), records);
  expect(rejected).toEqual([]);
  const { engine, process } = anEngine({ detectors, clock: new TestClock(arrivedAt) });
  const found = [...process(events), ...engine.finish()].filter(({ sealed }) => sealed);
  const coverageOf = (id: string) =>
    engine.coverageOf(engine.bound.find(({ active }) => active.definition.id === id)!).state;
  return { found: new Set(found.map(({ detector }) => detector)), coverageOf };
}

/** Three hours of customers who sign in (one in ten mistypes), sign up, reset and look at their orders. */
const customers: Line[] = [
  ...lines(720, 15, (i) => ({ client: `198.51.100.${i % 200}`, path: "/api/login", status: i % 10 === 0 ? 401 : 200 })),
  ...lines(60, 180, (i) => ({ client: `198.51.100.${i}`, path: "/api/signup", status: 201 })),
  ...lines(60, 180, (i) => ({ client: `198.51.100.${i + 60}`, path: "/api/password-reset", status: 202 })),
  ...lines(600, 18, (i) => ({
    client: `198.51.100.${i % 200}`,
    method: "GET",
    path: "/api/orders/17",
    status: i % 6 === 0 ? 401 : 200,
  })),
];

test("each says what it can see", () => {
  const { coverageOf } = judge(customers);
  expect(Object.fromEntries(Object.keys(coverage).map((id) => [id, coverageOf(id)]))).toEqual(coverage);
});

const later = 3 * 3600;

describe("stays silent", () => {
  test.for<[string, Line[]]>([
    ["on an ordinary day", []],
    [
      "when a campus signs in behind one address",
      lines(300, 2, (i) => ({
        at: later,
        client: "203.0.113.1",
        path: "/api/login",
        status: i % 4 === 0 ? 401 : 200,
        agent: `Mozilla/5.0 (${i % 40})`,
      })),
    ],
    [
      "when that campus signs up, and resets passwords, in its first week",
      [
        ...lines(100, 6, () => ({ at: later, client: "203.0.113.1", path: "/api/login", status: 200 })),
        ...lines(25, 24, (i) => ({
          at: later,
          client: "203.0.113.1",
          path: "/api/signup",
          status: i % 3 === 0 ? 409 : 201,
        })),
        ...lines(15, 40, () => ({ at: later, client: "203.0.113.1", path: "/api/password-reset", status: 202 })),
      ],
    ],
    [
      "when an app release makes every app renew its token once or twice",
      lines(150, 2, (i) => ({
        at: later,
        client: `203.0.113.${i % 100}`,
        method: "GET",
        path: "/api/account",
        status: 401,
        agent: "ShopApp/5.0",
      })),
    ],
    [
      "when the identity service answers 503 for ten minutes",
      lines(120, 5, (i) => ({ at: later, client: `203.0.113.${i % 60}`, path: "/api/login", status: 503 })),
    ],
    [
      "when a monitor signs in every minute",
      lines(180, 60, () => ({ client: "203.0.113.9", path: "/api/login", status: 200, agent: "Uptime/1" })),
    ],
  ])("%s", ([, more]) => {
    const { found } = judge([...customers, ...more]);
    expect(Object.keys(coverage).filter((id) => found.has(id))).toEqual([]);
  });
});

describe("finds all the same", () => {
  test.for<[string, string, Line[]]>([
    [
      "credential-stuffing",
      "one client that fails thirty times in ten minutes",
      lines(30, 15, () => ({ at: later, client: "203.0.113.66", path: "/api/login", status: 401 })),
    ],
    [
      "stuffing-success",
      "and then gets in",
      [
        ...lines(30, 15, () => ({ at: later, client: "203.0.113.66", path: "/api/login", status: 401 })),
        { at: later + 460, client: "203.0.113.66", path: "/api/login", status: 200 },
      ],
    ],
    [
      "low-and-slow-login",
      "one client that fails every minute for three hours",
      lines(180, 60, () => ({ client: "203.0.113.66", path: "/api/login", status: 401 })),
    ],
    [
      "distributed-stuffing",
      "a botnet of a hundred clients",
      lines(200, 3, (i) => ({ at: later, client: `203.0.113.${i % 100}`, path: "/api/login", status: 401 })),
    ],
    [
      "stuffing-by-user-agent",
      "a botnet with one tool",
      [
        ...lines(200, 3, (i) => ({
          at: later,
          client: `203.0.113.${i % 100}`,
          path: "/api/login",
          status: 401,
          agent: "tool/1",
        })),
        ...lines(120, 5, (i) => ({ at: later, client: `198.51.100.${i}`, path: "/api/login", status: 200 })),
      ],
    ],
    [
      "signup-abuse",
      "a farm of accounts",
      lines(30, 15, () => ({ at: later, client: "203.0.113.66", path: "/api/signup", status: 201 })),
    ],
    [
      "password-reset-abuse",
      "forty resets from one client",
      lines(40, 10, () => ({ at: later, client: "203.0.113.66", path: "/api/password-reset", status: 202 })),
    ],
    [
      "account-enumeration",
      "forty names that are taken",
      lines(40, 10, () => ({ at: later, client: "203.0.113.66", path: "/api/signup", status: 409 })),
    ],
    [
      "token-rejection",
      "one program that is answered 401 all the time",
      lines(150, 3, () => ({ at: later, client: "203.0.113.66", method: "GET", path: "/api/account", status: 401 })),
    ],
  ])("%s: %s", ([id, , attack]) => {
    expect([...judge([...customers, ...attack]).found]).toContain(id);
  });
});
