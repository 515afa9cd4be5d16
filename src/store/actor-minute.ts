import type { AccessEvent } from "../normalize/access-event.ts";

/** What one user or key did on one endpoint in one minute; names are those of the table's columns. */
export interface ActorFigures {
  /** `user:…`, `key:…` or `other`. */
  readonly actor: string;
  readonly route: string;
  requests: number;
  failures: number;
  refusals: number;
}

/** One cell that counts. */
export interface ActorCell {
  readonly figures: ActorFigures;
  /** `first`: among the first of its minute, has a row at once. `later`: has one when the minute ends. `other`: the sum of the rest. */
  readonly kind: "first" | "later" | "other";
  dirty: boolean;
}

/** The actors on one route. Users and keys apart, so that no text is put together for an event. */
interface RouteActors {
  readonly users: Map<string, ActorCell>;
  readonly keys: Map<string, ActorCell>;
  other: ActorCell | undefined;
}

/**
 * The actors of one minute, within a bound: the first `max` each have a row, and of those that come
 * later the largest (up to `max`) get one when the minute ends. The rest is summed as `other`. An
 * actor that has had a row is never summed again, so nothing is counted twice in the table.
 */
export class ActorMinute {
  readonly #routes = new Map<string, RouteActors>();
  readonly #max: number;
  #first = 0;
  #later = 0;

  constructor(max: number, cells: readonly ActorCell[] = []) {
    this.#max = max;
    for (const cell of cells) this.#put(cell);
  }

  /** Counts for the user, else for the API key; an event with neither has no actor. A shop event is no request. */
  count(event: AccessEvent): void {
    const { userId, apiKey } = event;
    if (userId === undefined && apiKey === undefined) return;
    if (event.origin === "shop" && !event.attempt) return;
    const actors = this.#actors(event.route);
    const known = userId === undefined ? actors.keys.get(apiKey as string) : actors.users.get(userId);
    const cell = known ?? this.#open(event.route, userId === undefined ? `key:${apiKey}` : `user:${userId}`);
    if (event.origin === "gateway") cell.figures.requests += 1;
    if (event.outcome === "failed" && event.attempt && !event.enforced) cell.figures.failures += 1;
    if (event.outcome === "denied" || event.outcome === "limited" || event.enforced) cell.figures.refusals += 1;
    cell.dirty = true;
  }

  /** Adds what was counted elsewhere of the same minute. */
  add(figures: ActorFigures): void {
    const { actor, route } = figures;
    const actors = this.#actors(route);
    if (actor === "other") {
      actors.other = {
        figures: sum(route, [...(actors.other ? [actors.other] : []), { figures }]),
        kind: "other",
        dirty: true,
      };
      return;
    }
    const known = actor.startsWith("user:") ? actors.users.get(actor.slice(5)) : actors.keys.get(actor.slice(4));
    const cell = known ?? this.#open(route, actor);
    cell.figures.requests += figures.requests;
    cell.figures.failures += figures.failures;
    cell.figures.refusals += figures.refusals;
    cell.dirty = true;
  }

  /** Actors that count alone. */
  get size(): number {
    return this.#first + this.#later;
  }

  /** All cells, as they count. */
  cells(): ActorCell[] {
    return [...this.#routes.values()].flatMap((actors) => [
      ...actors.users.values(),
      ...actors.keys.values(),
      ...(actors.other ? [actors.other] : []),
    ]);
  }

  /** The rows that changed since the last call. Before the minute ends, those that came later are part of `other`. */
  rows(options: { ended: boolean }): ActorFigures[] {
    const rows: ActorFigures[] = [];
    for (const [route, actors] of this.#routes) {
      const cells = [...actors.users.values(), ...actors.keys.values()];
      const later = cells.filter((cell) => cell.kind === "later");
      const alone = options.ended ? cells : cells.filter((cell) => cell.kind === "first");
      for (const cell of alone) if (cell.dirty || cell.kind === "later") rows.push({ ...cell.figures });
      const inOther = options.ended ? [] : later;
      if (later.length > 0 || actors.other)
        rows.push(sum(route, [...(actors.other ? [actors.other] : []), ...inOther]));
      for (const cell of cells) cell.dirty = false;
    }
    return rows;
  }

  #open(route: string, actor: string): ActorCell {
    if (this.#first < this.#max) return this.#put(newCell(route, actor, "first"));
    if (this.#later >= this.#max) this.#sumSmallest();
    return this.#put(newCell(route, actor, "later"));
  }

  #put(cell: ActorCell): ActorCell {
    const { route, actor } = cell.figures;
    const actors = this.#actors(route);
    if (cell.kind === "other") actors.other = cell;
    else if (actor.startsWith("user:")) actors.users.set(actor.slice(5), cell);
    else actors.keys.set(actor.slice(4), cell);
    if (cell.kind === "first") this.#first += 1;
    if (cell.kind === "later") this.#later += 1;
    return cell;
  }

  #actors(route: string): RouteActors {
    let actors = this.#routes.get(route);
    if (!actors) this.#routes.set(route, (actors = { users: new Map(), keys: new Map(), other: undefined }));
    return actors;
  }

  /** Halves those that came later. Among equals the earlier stay (the sort is stable), on every replay the same. */
  #sumSmallest(): void {
    const later = this.cells().filter((cell) => cell.kind === "later");
    later.sort((a, b) => b.figures.requests - a.figures.requests);
    for (const cell of later.slice(Math.floor(this.#max / 2))) {
      const { route, actor } = cell.figures;
      const actors = this.#actors(route);
      const other = sum(route, actors.other ? [actors.other, cell] : [cell]);
      actors.other = { figures: other, kind: "other", dirty: true };
      if (actor.startsWith("user:")) actors.users.delete(actor.slice(5));
      else actors.keys.delete(actor.slice(4));
      this.#later -= 1;
    }
  }
}

// helpers

function newCell(route: string, actor: string, kind: ActorCell["kind"]): ActorCell {
  return { figures: { actor, route, requests: 0, failures: 0, refusals: 0 }, kind, dirty: true };
}

function sum(route: string, cells: readonly Pick<ActorCell, "figures">[]): ActorFigures {
  const total: ActorFigures = { actor: "other", route, requests: 0, failures: 0, refusals: 0 };
  for (const { figures } of cells) {
    total.requests += figures.requests;
    total.failures += figures.failures;
    total.refusals += figures.refusals;
  }
  return total;
}
