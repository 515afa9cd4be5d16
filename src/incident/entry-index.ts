import type { Detection } from "../detect/detection.ts";
import type { Runbook } from "./runbook.ts";
import { groupKey, groupOf } from "./grouping.ts";
import { isOpen, type IncidentEntry } from "./incident-entry.ts";

/** Bounds of the incidents in memory. The store has all of them. */
const limits = {
  /** Open ones of one runbook; further groups share one incident, or a botnet would open thousands. */
  openOfRunbook: 500,
  /** Resolved ones, kept so that a replay or a next wave finds them. */
  resolved: 2000,
  resolvedForMs: 24 * 3_600_000,
} as const;

/** The group of the one incident that takes what has no room of its own. */
export const overflowGroup = { group: "all others" } as const;

/** The incidents in memory: by id, by runbook and group, and those that are open. */
export class EntryIndex {
  readonly #byId = new Map<string, IncidentEntry>();
  /** The newest incident of each runbook and group. */
  readonly #latest = new Map<string, IncidentEntry>();
  readonly #open = new Map<string, Set<IncidentEntry>>();

  get(id: string): IncidentEntry | undefined {
    return this.#byId.get(id);
  }

  all(): IncidentEntry[] {
    return [...this.#byId.values()];
  }

  open(): IncidentEntry[] {
    return [...this.#open.values()].flatMap((entries) => [...entries]);
  }

  add(entry: IncidentEntry): void {
    this.#byId.set(entry.incident.id, entry);
    this.#latest.set(latestKey(entry.incident.runbook, entry.incident.group), entry);
    this.refile(entry);
  }

  /** To be called when an entry was resolved or reopened. */
  refile(entry: IncidentEntry): void {
    const open = this.#open.get(entry.incident.runbook) ?? new Set();
    this.#open.set(entry.incident.runbook, open);
    if (isOpen(entry)) open.add(entry);
    else open.delete(entry);
  }

  /**
   * The incident a detection falls into: the newest of its group, open or not. An incident that was
   * grouped by other dimensions before the rules were reloaded still takes what is its own.
   */
  find(runbook: Runbook, detection: Detection): IncidentEntry | undefined {
    const latest = this.#latest.get(latestKey(runbook.id, groupOf(runbook.group, detection)));
    if (latest) return latest;
    const wanted = [...runbook.group].sort().join();
    for (const entry of this.#open.get(runbook.id) ?? []) {
      const dimensions = Object.keys(entry.incident.group);
      if (dimensions.toSorted().join() === wanted) continue;
      if (groupKey(groupOf(dimensions, detection)) === groupKey(entry.incident.group)) return entry;
    }
    return undefined;
  }

  /** The group a new incident gets, and the one that takes it in where there is no room. */
  room(runbook: Runbook, detection: Detection): { group: Record<string, string>; overflow?: IncidentEntry } {
    const isFull = (this.#open.get(runbook.id)?.size ?? 0) >= limits.openOfRunbook;
    if (!isFull) return { group: groupOf(runbook.group, detection) };
    return { group: overflowGroup, overflow: this.#latest.get(latestKey(runbook.id, overflowGroup)) };
  }

  /** Forgets what was resolved long ago, and the oldest beyond the bound. */
  forget(now: number): void {
    const resolved = this.all().filter((entry) => !isOpen(entry));
    resolved.sort((a, b) => (b.incident.resolvedAt ?? 0) - (a.incident.resolvedAt ?? 0));
    for (const [index, entry] of resolved.entries()) {
      const age = now - (entry.incident.resolvedAt ?? 0);
      if (index < limits.resolved && age < limits.resolvedForMs) continue;
      this.#byId.delete(entry.incident.id);
      const key = latestKey(entry.incident.runbook, entry.incident.group);
      if (this.#latest.get(key) === entry) this.#latest.delete(key);
    }
  }
}

// helpers

function latestKey(runbook: string, group: Readonly<Record<string, string>>): string {
  return JSON.stringify([runbook, groupKey(group)]);
}
