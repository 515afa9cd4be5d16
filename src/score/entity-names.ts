import type { Target } from "../detect/detection.ts";
import type { AttackLabel, LabelledEntity } from "../simulate/label.ts";

type Scope = LabelledEntity["scope"];

/** The scopes that a part of a detection's key may name. Parts that labels have no scope for name nobody. */
const scopesOf: Readonly<Record<string, readonly Scope[]>> = {
  clientIp: ["ip"],
  userId: ["user"],
  apiKey: ["apiKey"],
  sessionId: ["session"],
  deviceId: ["device"],
  actor: ["user", "apiKey", "ip"],
  country: ["country"],
  asn: ["as"],
  route: ["route"],
  endpointClass: ["endpointClass"],
  gateway: ["gateway"],
  promoCode: ["promoCode"],
  sku: ["sku"],
  userAgent: ["userAgent"],
};

/** How the engine marks who an `actor` is. */
const actorPrefixes: readonly (readonly [prefix: string, scope: Scope])[] = [
  ["user:", "user"],
  ["key:", "apiKey"],
  ["ip:", "ip"],
];

/** `scope value`, for sets and maps. */
export function nameOf({ scope, value }: LabelledEntity): string {
  return `${scope} ${value}`;
}

/** What one part of a detection's key names, as labels would say it; `undefined` where labels have no such scope. */
export function namedBy(dimension: string, value: string): string | undefined {
  if (dimension === "actor") {
    const known = actorPrefixes.find(([prefix]) => value.startsWith(prefix));
    return known && `${known[1]} ${value.slice(known[0].length)}`;
  }
  const scope = scopesOf[dimension]?.[0];
  return scope && `${scope} ${value}`;
}

/** Whom a decision is about, as labels would say it: a range of one IPv6 client is that client. */
export function targetName({ scope, value }: Target): string {
  return `${scope === "range" ? "ip" : scope} ${value}`;
}

/** Everybody a label names, and what it doesn't name more narrowly. */
export class LabelNames {
  readonly entities: ReadonlySet<string>;
  readonly #all: ReadonlySet<string>;
  readonly #scopes: ReadonlySet<Scope>;
  readonly #accused: ReadonlySet<Scope>;
  /** The whole shop is meant: any key that names nothing else fits. */
  readonly #isSite: boolean;

  constructor({ entities, victims }: Pick<AttackLabel, "entities" | "victims">) {
    const all = [...entities, ...victims];
    this.entities = new Set(entities.map(nameOf));
    this.#all = new Set(all.map(nameOf));
    this.#scopes = new Set(all.map(({ scope }) => scope));
    this.#accused = new Set(entities.map(({ scope }) => scope));
    this.#isSite = this.#scopes.has("site");
  }

  /**
   * Whether a detection's key names somebody of the label: of its parts that the label has names for,
   * every one is among them. `undefined` where it has none for any part: a user agent, a provider.
   */
  fits(key: Readonly<Record<string, string>>): boolean | undefined {
    const told = Object.entries(key).filter(([dimension]) => this.#knows(dimension));
    if (told.length === 0) return this.#isSite ? true : undefined;
    return told.every(([dimension, value]) => {
      const name = namedBy(dimension, value) ?? "";
      // A label that doesn't know what it is called (a gateway) has the scope alone.
      return this.#all.has(name) || this.#all.has(name.replace(/ .*$/s, " "));
    });
  }

  /** Whether a detection's key names one of those who do it, rather than a victim. */
  accuses(key: Readonly<Record<string, string>>): boolean {
    return this.fits(key) === true && namesOfKey(key).some((name) => this.entities.has(name));
  }

  /**
   * The names that a detector with this key is to find, each: those of the first part that names who
   * does it, or else of the first that names a victim. Where a part may name several kinds (`actor`),
   * the kind that was found, or else the one with the fewest names. Empty where the label has no names
   * for the key: any detection does.
   */
  expected(key: readonly string[], found: ReadonlySet<string>): ReadonlySet<string> {
    const accuses = (one: string) => scopesOf[one]?.some((scope) => this.#accused.has(scope)) ?? false;
    const dimension = key.find(accuses) ?? key.find((one) => this.#knows(one));
    const groups = (dimension === undefined ? [] : (scopesOf[dimension] ?? []))
      .map((scope) => [...this.#all].filter((name) => name.startsWith(`${scope} `)))
      .filter((group) => group.length > 0)
      .sort((a, b) => a.length - b.length);
    const group = groups.find((names) => names.some((name) => found.has(name))) ?? groups[0];
    return new Set(group?.some((name) => name.endsWith(" ")) ? [] : group);
  }

  #knows(dimension: string): boolean {
    return scopesOf[dimension]?.some((scope) => this.#scopes.has(scope)) ?? false;
  }
}

/** All that a detection's key names. */
export function namesOfKey(key: Readonly<Record<string, string>>): string[] {
  return Object.entries(key).flatMap(([dimension, value]) => namedBy(dimension, value) ?? []);
}
