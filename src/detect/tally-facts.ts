import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import type { TrafficFacts } from "./traffic-facts.ts";
import { UserBitmaps } from "./user-bitmaps.ts";

/** Whom a tally of traffic is for: engines need who succeeded from where, whoever decides on blocks needs all. */
export type FactsFor = "engine" | "responder";

/** A tally's facts about traffic; times since the stretch of time began. Empty where there were no events. */
export function writeFacts(
  to: ByteWriter,
  facts: TrafficFacts,
  { begin, whom }: { begin: number; whom: FactsFor },
): void {
  if (facts.newest === 0) return;
  to.whole(facts.earliest - begin);
  to.whole(facts.newest - begin);
  to.byte(facts.tellsUsers ? 1 : 0);
  to.whole(facts.successes.length);
  for (const { hi, lo, user, time } of facts.successes) {
    to.word(hi);
    to.word(lo);
    to.byte(UserBitmaps.bitOf(user));
    to.whole(time - begin);
  }
  if (whom === "engine") return;
  for (const clients of [facts.clients, facts.failing]) {
    to.whole(clients.length);
    // They ascend.
    clients.forEach((client, i) => to.whole(client - (clients[i - 1] ?? 0)));
  }
  for (const count of [facts.logins, facts.failedLogins, facts.checkouts, facts.requests]) to.whole(count);
  to.whole(facts.users.length);
  for (const { user, clientKey } of facts.users) {
    to.word(user);
    to.text(clientKey);
  }
  to.whole(facts.agents.length);
  for (const { agent, clientKey } of facts.agents) {
    to.text(agent);
    to.text(clientKey);
  }
}

/** The same, read back; `undefined` where there were no events. What only a responder needs may be missing. */
export function readFacts(from: ByteReader, begin: number): TrafficFacts | undefined {
  if (from.isAtEnd) return undefined;
  const earliest = begin + from.whole();
  const newest = begin + from.whole();
  const tellsUsers = from.byte() === 1;
  const successes = listOf(from, 10, () => ({
    hi: from.word(),
    lo: from.word(),
    user: from.byte(),
    time: begin + from.whole(),
  }));
  const known = { earliest, newest, tellsUsers, successes };
  if (from.isAtEnd) return { ...known, ...nobodyElse };
  let client = 0;
  const clients = listOf(from, 1, () => (client += from.whole()));
  client = 0;
  const failing = listOf(from, 1, () => (client += from.whole()));
  const [logins, failedLogins, checkouts, requests] = [from.whole(), from.whole(), from.whole(), from.whole()];
  const users = listOf(from, 5, () => ({ user: from.word(), clientKey: from.text() }));
  const agents = listOf(from, 2, () => ({ agent: from.text(), clientKey: from.text() }));
  return { ...known, clients, failing, logins, failedLogins, checkouts, requests, users, agents };
}

const nobodyElse = {
  ...{ clients: [], failing: [], logins: 0, failedLogins: 0, checkouts: 0, requests: 0, users: [], agents: [] },
};

/** So many things as are said before them; each takes some bytes at least. */
export function listOf<T>(from: ByteReader, leastBytes: number, read: () => T): T[] {
  const count = from.count(leastBytes, "fewer of them");
  const list: T[] = [];
  for (let i = 0; i < count; i++) list.push(read());
  return list;
}
