import type { AccessEvent, EndpointClass } from "../normalize/access-event.ts";
import type { AttackLabel, LabelledEntity } from "../simulate/label.ts";
import { LabelNames, nameOf } from "./entity-names.ts";

/** What an attack had done by some moment. */
export interface Harm {
  readonly events: number;
  /** Attempts that failed: passwords, codes, cards. */
  readonly failures: number;
  /** Different cards that were tried. */
  readonly cards: number;
  /** Different things that were read: orders, accounts, articles. */
  readonly objects: number;
}

/** A label, and what those it names as doing it did, in order of time. */
export class AttackRecord {
  readonly label: AttackLabel;
  readonly names: LabelNames;
  readonly #events: number[] = [];
  readonly #classes: EndpointClass[] = [];
  readonly #failures: number[] = [];
  readonly #cards = new Map<string, number>();
  readonly #objects = new Map<string, number>();

  constructor(label: AttackLabel) {
    this.label = label;
    this.names = new LabelNames(label);
  }

  add(event: AccessEvent): void {
    const { time } = event;
    this.#events.push(time);
    this.#classes.push(event.endpointClass);
    if (event.attempt && event.outcome === "failed") this.#failures.push(time);
    const card = event.attributes?.["cardFingerprint"];
    if (card !== undefined && !this.#cards.has(card)) this.#cards.set(card, time);
    if (event.origin === "gateway" && event.outcome === "ok" && event.method === "GET" && event.path !== event.route)
      if (!this.#objects.has(event.path)) this.#objects.set(event.path, time);
  }

  /** Up to and with `time`. */
  harmUntil(time: number): Harm {
    const until = (times: Iterable<number>) => [...times].filter((each) => each <= time).length;
    return {
      events: until(this.#events),
      failures: until(this.#failures),
      cards: until(this.#cards.values()),
      objects: until(this.#objects.values()),
    };
  }

  /** Its own events after `from`, up to and with `to`; of one class of endpoints, or all. */
  eventsBetween(from: number, to: number, of?: EndpointClass): number {
    const isOne = (time: number, i: number) =>
      time > from && time <= to && (of === undefined || this.#classes[i] === of);
    return this.#events.filter(isOne).length;
  }

  get isSeen(): boolean {
    return this.#events.length > 0;
  }
}

/** Clocks and late lines may put an event so far outside its attack. */
const marginMs = 60_000;

/** Scopes that name one attacker; whole countries and routes are other people's, too. */
export const ownScopes: readonly LabelledEntity["scope"][] = ["ip", "user", "apiKey", "session", "device"];

/** Tells each event's attack. */
export class AttackRecords {
  readonly all: readonly AttackRecord[];
  readonly #byName = new Map<string, AttackRecord[]>();

  constructor(labels: readonly AttackLabel[]) {
    this.all = labels.map((label) => new AttackRecord(label));
    for (const record of this.all) {
      for (const entity of record.label.entities.filter(({ scope }) => ownScopes.includes(scope))) {
        const held = this.#byName.get(nameOf(entity)) ?? [];
        this.#byName.set(nameOf(entity), held);
        held.push(record);
      }
    }
  }

  /** The attack that an event is of; `undefined` for what everybody else does. */
  of(event: AccessEvent): AttackRecord | undefined {
    return (
      this.#find("ip", event.clientKey, event.time) ??
      this.#find("user", event.userId, event.time) ??
      this.#find("apiKey", event.apiKey, event.time) ??
      this.#find("session", event.sessionId, event.time) ??
      this.#find("device", event.deviceId, event.time)
    );
  }

  #find(scope: string, value: string | undefined, time: number): AttackRecord | undefined {
    if (value === undefined) return undefined;
    return this.#byName
      .get(`${scope} ${value}`)
      ?.find(({ label }) => time >= label.start - marginMs && time <= label.end + marginMs);
  }
}
