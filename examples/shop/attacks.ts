import type { Client, Request } from "./nginx-line.ts";
import { saoPaulo, type Person } from "./people.ts";

/** One request of an attack, so many milliseconds after the cycle's start. */
export interface Step {
  readonly at: number;
  readonly request: Request;
}

/** The attacks of one cycle come back after so long, from other addresses. */
export const cycleMs = 10 * 60_000;

/** Everything bad that happens in one cycle, in order of time. */
export function attacks(cycle: number, customers: readonly Person[]): Step[] {
  return [
    ...credentialStuffing(cycle),
    ...scraper(cycle),
    ...stolenSession(cycle, customers),
    ...botnet(cycle),
    ...paymentOutage(customers),
    ...guessOneAccount(cycle, customers),
  ].sort((a, b) => a.at - b.at);
}

/** A bought list of accounts, tried from one machine: five a second for half a minute. */
function credentialStuffing(cycle: number): Step[] {
  const client = machine(`203.0.113.${60 + (cycle % 60)}`, "python-requests/2.32");
  return steps({ from: 4_000, every: 200, count: 150 }, (i) => login(client, `leaked-${i % 40}@mail.example`, 401));
}

/** Reads the whole catalogue and doesn't care that the limiter says no. */
function scraper(cycle: number): Step[] {
  const client = machine(`198.51.100.${20 + (cycle % 100)}`, "Scrapy/2.12");
  return steps({ from: 8_000, every: 150, count: 200 }, (i) => ({
    ...{ method: "GET", uri: `/api/products/${i}`, client, took: 0.001 },
    status: 429,
  }));
}

/** A customer's session is used from the other side of the world, minutes after the customer used it. */
function stolenSession(cycle: number, customers: readonly Person[]): Step[] {
  // One with a line of their own: of an address that many share, the place says nothing of one of them.
  const victim = customers[(cycle * 5 + 3) % customers.length]!;
  const thief = { ...victim.client, ...saoPaulo, address: `198.51.100.${150 + (cycle % 50)}` };
  const account = (client: Client): Request => ({
    ...{ method: "GET", uri: "/api/account", client, took: 0.04, user: victim.name },
    ...{ status: 200, upstreamStatus: 200 },
  });
  return [
    { at: 6_000, request: account(victim.client) },
    { at: 12_000, request: account(thief) },
  ];
}

/** Eighty machines in one country, each trying one account three times: too little to be noticed one by one. */
function botnet(cycle: number): Step[] {
  return steps({ from: 14_000, every: 80, count: 260 }, (i) => {
    const client = { ...machine(`203.0.113.${130 + (i % 80)}`, "okhttp/4.12"), ...saoPaulo };
    return login(client, `leaked-${cycle}-${i % 80}@mail.example`, i % 9 === 0 ? 200 : 401);
  });
}

/** The payment provider hangs, then fails: a third of a minute in which most payments are lost. */
function paymentOutage(customers: readonly Person[]): Step[] {
  return steps({ from: 22_000, every: 250, count: 100 }, (i) => {
    const { client, name } = customers[(i * 13) % customers.length]!;
    const status = i % 4 === 3 ? 200 : i % 4 === 0 ? 504 : 502;
    return {
      ...{ method: "POST", uri: "/api/payments", client, user: name },
      ...{ status, upstreamStatus: status, took: status === 504 ? 30 : 0.9 },
    };
  });
}

/** Twelve machines guess the password of one customer. */
function guessOneAccount(cycle: number, customers: readonly Person[]): Step[] {
  const victim = customers[(cycle * 11 + 5) % customers.length]!;
  return steps({ from: 30_000, every: 600, count: 24 }, (i) =>
    login(machine(`198.51.100.${200 + (i % 12)}`, `curl/8.${i % 5}`), victim.name, 401),
  );
}

function login(client: Client, user: string, status: number): Request {
  return { ...{ method: "POST", uri: "/api/login", client, user, took: 0.05 }, ...{ status, upstreamStatus: status } };
}

/** A machine in a data centre. */
function machine(address: string, agent: string): Client {
  return { address, agent, country: "NL", latitude: 52.37, longitude: 4.9, asn: 64510 };
}

function steps(when: { from: number; every: number; count: number }, request: (i: number) => Request): Step[] {
  return Array.from({ length: when.count }, (_, i) => ({ at: when.from + i * when.every, request: request(i) }));
}
