import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { SavedRow, Store } from "../store/store.ts";
import type { IncidentChange, IncidentEvent } from "./incident.ts";
import { incidentEventRow, incidentRow } from "./incident-row.ts";
import type { BookChange } from "./incident-transitions.ts";

/** How often a change is offered before it is left for the next start. */
const maxAttempts = 5;

interface Waiting extends BookChange {
  attempts: number;
}

/**
 * Makes changes durable, then hands them on, in order. What was saved and not handed on when the
 * process died is handed on by the next one, so `onChange` can see a change twice.
 */
export class Handover {
  readonly #store: Store;
  readonly #onChange: (change: IncidentChange) => void | Promise<void>;
  readonly #log: Log;
  readonly #failures;
  #unsaved: { rows: Map<string, SavedRow>; changes: BookChange[] } = { rows: new Map(), changes: [] };
  #waiting: Waiting[] = [];

  constructor(options: {
    readonly store: Store;
    readonly onChange: (change: IncidentChange) => void | Promise<void>;
    readonly log: Log;
    readonly metrics: Metrics;
  }) {
    this.#store = options.store;
    this.#onChange = options.onChange;
    this.#log = options.log;
    this.#failures = options.metrics.counter(
      "gatewatch_incident_handover_failures_total",
      "Changes of incidents that a later stage failed on",
    );
  }

  /** True while something is to be saved or handed on. */
  get isBusy(): boolean {
    return this.#unsaved.rows.size > 0 || this.#waiting.length > 0;
  }

  /** Takes over changes, and the rows that they follow from, which are saved after them; `flush` does the work. */
  add(changes: readonly BookChange[], rows: readonly SavedRow[]): void {
    for (const row of [...changes.flatMap(rowsOf), ...rows]) this.#unsaved.rows.set(`${row.table} ${row.id}`, row);
    this.#unsaved.changes.push(...changes);
  }

  /** Takes over changes that an earlier run saved and did not hand on. */
  addSaved(changes: readonly BookChange[]): void {
    this.#waiting.push(...changes.map((change) => ({ ...change, attempts: 0 })));
  }

  /** One `save` for all rows, then one call for each change. Rejects when the store refuses; nothing is lost then. */
  async flush(): Promise<void> {
    const { rows, changes } = this.#unsaved;
    if (rows.size > 0) await this.#store.save([...rows.values()]);
    this.#unsaved = { rows: new Map(), changes: [] };
    this.addSaved(changes);
    await this.#handOn();
  }

  async #handOn(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    const done: IncidentEvent[] = [];
    for (const item of waiting) {
      try {
        await this.#onChange(item.change);
        if (item.line) done.push(item.line);
      } catch (error) {
        this.#failures.inc();
        item.attempts++;
        const { id } = item.change.incident;
        this.#log.error({ incident: id, attempts: item.attempts, err: error }, "a change was not taken over");
        if (item.attempts < maxAttempts) this.#waiting.push(item);
      }
    }
    if (done.length > 0) await this.#store.save(done.map((line) => incidentEventRow(line)));
  }
}

// helpers

function rowsOf({ change, line }: BookChange): SavedRow[] {
  const { kind, page, detection } = change;
  const row = incidentRow(change.incident);
  return line ? [incidentEventRow(line, { kind, page, detection: detection?.id }), row] : [row];
}
