import type { AccessEvent } from "../normalize/access-event.ts";
import { type Dimension, dimensionOf } from "./dimension.ts";
import { hashed, hashKey, LastHash } from "./hash.ts";

/** Told apart from one another, and from a key that is the text alone. */
const saltOf = { user: 0x2545f491, key: 0x9e3779b1, ip: 0x632be5ab } as const;

type ActorKind = keyof typeof saltOf;

// One event after the other is hashed by all spaces and by the memory of traffic.
const client = new LastHash();
const user = new LastHash();

/** Hashes a client's key as `hashKey` does, and remembers the last. */
export function hashClient(clientKey: string): void {
  client.of(clientKey);
  use(client);
}

/** Hashes a user's name as `hashKey` does, and remembers the last. */
export function hashUser(userId: string): void {
  user.of(userId);
  use(user);
}

/** Hashes an event's key into `hashed`; false when a part is unknown. The same as `hashParts` of its parts. */
export function hashEvent(event: AccessEvent, dimensions: readonly Dimension[]): boolean {
  if (dimensions.length === 1) return hashPart(event, dimensions[0]!);
  let hi = 0;
  let lo = 0;
  for (let i = 0; i < dimensions.length; i++) {
    if (!hashPart(event, dimensions[i]!)) return false;
    hi = mixed(hi, hashed.hi);
    lo = mixed(lo, hashed.lo);
  }
  keep(hi, lo);
  return true;
}

/** Hashes a key that is given by its parts as text, into `hashed`. */
export function hashParts(parts: readonly string[], dimensions: readonly Dimension[]): void {
  let hi = 0;
  let lo = 0;
  for (let i = 0; i < dimensions.length; i++) {
    hashText(parts[i] ?? "", dimensions[i]!);
    if (dimensions.length === 1) return;
    hi = mixed(hi, hashed.hi);
    lo = mixed(lo, hashed.lo);
  }
  keep(hi, lo);
}

// helpers

function hashPart(event: AccessEvent, dimension: Dimension): boolean {
  const { clientKey, userId } = event;
  if (dimension === "clientIp" || dimension === "userId") {
    const text = dimension === "clientIp" ? clientKey : userId;
    if (text === undefined) return false;
    if (dimension === "clientIp") hashClient(text);
    else hashUser(text);
    return true;
  }
  if (dimension === "actor") return hashActor(event);
  const text = dimensionOf(event, dimension);
  if (text === undefined) return false;
  hashKey(text);
  return true;
}

/** The same as `hashText` of the actor's name, without making that. */
function hashActor({ userId, apiKey, clientKey }: AccessEvent): boolean {
  if (userId !== undefined) {
    hashUser(userId);
    salted("user");
  } else if (apiKey !== undefined) {
    hashKey(apiKey);
    salted("key");
  } else if (clientKey !== undefined) {
    hashClient(clientKey);
    salted("ip");
  } else return false;
  return true;
}

function hashText(text: string, dimension: Dimension): void {
  const kind = dimension === "actor" ? text.slice(0, text.indexOf(":")) : "";
  if (!Object.hasOwn(saltOf, kind)) return hashKey(text);
  hashKey(text.slice(kind.length + 1));
  salted(kind as ActorKind);
}

function salted(kind: ActorKind): void {
  keep(mixed(saltOf[kind], hashed.hi), mixed(saltOf[kind], hashed.lo));
}

/** Order matters: a and b is another key than b and a. */
function mixed(before: number, part: number): number {
  const sum = Math.imul(before ^ (before >>> 15), 0x85ebca6b) ^ part;
  return Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35);
}

function use({ hi, lo }: LastHash): void {
  hashed.hi = hi;
  hashed.lo = lo;
}

/** Never zero: that marks an empty row. */
function keep(hi: number, lo: number): void {
  hashed.hi = hi >>> 0;
  hashed.lo = lo >>> 0 || 1;
}
