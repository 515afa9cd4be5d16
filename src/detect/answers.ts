import type { AccessEvent } from "../normalize/access-event.ts";
import type { Predicate } from "./counters.ts";

const no = 0;
const yes = 1;
const threw = 2;

/** Asks each predicate once for an event, however many counters and detectors choose by it. */
export class Answers {
  readonly #ids = new Map<Predicate, number>();
  readonly #predicates: Predicate[] = [];
  readonly #askedAt: number[] = [];
  readonly #answers: number[] = [];
  readonly #errors: unknown[] = [];
  #event: AccessEvent | undefined;
  #serial = 0;

  /** A number to ask by; -1 for none, which every event fits. */
  idOf(predicate: Predicate | undefined): number {
    if (predicate === undefined) return -1;
    const known = this.#ids.get(predicate);
    if (known !== undefined) return known;
    const id = this.#predicates.push(predicate) - 1;
    this.#ids.set(predicate, id);
    this.#askedAt.push(0);
    this.#answers.push(no);
    return id;
  }

  /** From now on it is about this event. */
  begin(event: AccessEvent): void {
    this.#event = event;
    this.#serial++;
  }

  /** Whether the event fits; throws what the predicate threw, each time. */
  fits(id: number): boolean {
    if (id === -1) return true;
    if (this.#askedAt[id] !== this.#serial) {
      this.#askedAt[id] = this.#serial;
      this.#answers[id] = threw;
      try {
        this.#answers[id] = this.#predicates[id]!(this.#event!) ? yes : no;
      } catch (error) {
        this.#errors[id] = error;
      }
    }
    if (this.#answers[id] === threw) throw this.#errors[id];
    return this.#answers[id] === yes;
  }
}
