import type { Clock } from "../clock.ts";
import { severities, type Detection } from "../detect/detection.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { detectionRow } from "../store/detection-row.ts";
import type { SavedRow, Store } from "../store/store.ts";
import { Handover } from "./handover.ts";
import { IncidentBook } from "./incident-book.ts";
import { incidentLine } from "./incident-line.ts";
import { incidentEventRow } from "./incident-row.ts";
import type { BookChange } from "./incident-transitions.ts";
import type { Incident, IncidentChange, IncidentEvent } from "./incident.ts";
import {
  loadDetections,
  loadIncident,
  loadIncidents,
  loadSavedIncidents,
  loadTimeline,
  withoutHandover,
  type SavedState,
} from "./saved-incidents.ts";
import { silenceRow, type NewSilence, type Silence } from "./silence.ts";
import { Silences, type SilenceResult } from "./silences.ts";
import type { Runbook } from "./runbook.ts";

/** What became of a person's click. */
export type ActResult =
  /** It is so now, or was already. */
  | { readonly kind: "done"; readonly value: Incident }
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly reason: string };

/** An incident with all that this stage knows of it. */
export interface IncidentDetails {
  readonly incident: Incident;
  /** The oldest line first. */
  readonly timeline: readonly IncidentEvent[];
  /** The first 50. */
  readonly detections: readonly Detection[];
}

/** Which incidents to list, the newest first. */
export interface IncidentQuery {
  /** `live`: open or acknowledged. All, unless given. */
  readonly state?: Incident["state"] | "live";
  readonly limit: number;
  /** Continues after the incident with this `openedAt` and id. */
  readonly before?: { readonly time: number; readonly id: string };
}

export interface IncidentsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly runbooks: readonly Runbook[];
  /** Names of the configuration's teams, in its order: the first one is told where nobody owns the endpoint. */
  readonly teams: readonly string[];
  /** Called with each change once it is durable, in order; after a crash perhaps a second time. */
  readonly onChange: (change: IncidentChange) => void | Promise<void>;
}

/** The incident stage: detections in, changes of incidents out. */
export function createIncidents(options: IncidentsOptions): Incidents {
  return new Incidents(options);
}

/** Keeps the book of incidents, one call at a time: decide, save, hand on. */
export class Incidents {
  readonly #options: IncidentsOptions;
  readonly #book: IncidentBook;
  readonly #silences = new Silences();
  readonly #handover: Handover;
  readonly #changes;
  readonly #repeats;
  readonly #open;
  /** Ends when all calls made so far have ended. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: IncidentsOptions) {
    this.#options = options;
    const { metrics } = options;
    const untold = metrics.counter(
      "gatewatch_incident_conditions_untold_total",
      "Detections whose runbook's `when` names a figure that is not known; they opened nothing",
      ["runbook"],
    );
    this.#changes = metrics.counter("gatewatch_incident_changes_total", "Changes of incidents", ["runbook", "kind"]);
    this.#repeats = metrics.counter("gatewatch_incident_repeats_total", "Detections that were seen before");
    this.#open = metrics.gauge("gatewatch_incident_open", "Incidents that are not resolved", ["severity"]);
    this.#handover = new Handover(options);
    this.#book = new IncidentBook({
      runbooks: options.runbooks,
      teams: namedTeams(options.teams),
      onUntold: (runbook) => untold.inc({ runbook }),
    });
  }

  /** Takes up what an earlier run left; before anything else. The first `tick` hands on what that run didn't. */
  load(): Promise<SavedState> {
    return this.#inTurn(async () => {
      const now = this.#options.clock.now();
      const saved = await loadSavedIncidents(this.#options.store, now);
      const byId = new Map(saved.detections.map((detection) => [detection.id, detection]));
      for (const incident of saved.incidents) {
        const detections = incident.state === "resolved" ? [] : incident.detections.flatMap((id) => byId.get(id) ?? []);
        this.#book.restore(incident, detections, now);
      }
      for (const detection of saved.detections) this.#book.remember(detection, now);
      this.#silences.restore(saved.silences);
      this.#handover.addSaved(promisedChanges(saved, this.#book));
      this.#take(this.#book.setSilences(this.#silences.active(now), now));
      this.#measure();
      return saved;
    });
  }

  /** Detections of any stage; resolves when what follows from them is durable and handed on. */
  detections(detections: readonly Detection[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#recall(detections);
      for (const detection of detections) {
        if (this.#book.isRepeat(detection)) this.#repeats.inc();
        else this.#take(this.#book.apply(detection, this.#options.clock.now()), [detectionRow(detection)]);
      }
      await this.#handover.flush();
    });
  }

  acknowledge(id: string, by: string): Promise<ActResult> {
    return this.#act(id, { act: (now) => this.#book.acknowledge(id, by, now), state: "acknowledged" });
  }

  resolve(id: string, by: string): Promise<ActResult> {
    return this.#act(id, { act: (now) => this.#book.resolve(id, by, now), state: "resolved" });
  }

  /** Puts a line on an incident's timeline. With the same `cause` it is the same line, however often it is added. */
  async addEvent(
    incident: string,
    event: {
      readonly kind: IncidentEvent["kind"];
      readonly text: string;
      readonly by?: string;
      readonly cause?: string;
    },
  ): Promise<void> {
    const time = this.#options.clock.now();
    const cause = event.cause ?? `${time} ${event.text}`;
    await this.#options.store.save([incidentEventRow(incidentLine({ id: incident }, { ...event, cause, time }))]);
  }

  /** Live ones come from memory, so that people see them while the store is away; others from the store. */
  async list(query: IncidentQuery): Promise<Incident[]> {
    const live = this.#book.open().map((entry) => entry.incident);
    const isLive = query.state === "live" || query.state === "open" || query.state === "acknowledged";
    const saved = isLive ? [] : await loadIncidents(this.#options.store, query);
    const newest = new Map([...saved, ...live].map((incident) => [incident.id, incident]));
    return [...newest.values()]
      .filter((incident) => isWanted(incident, query))
      .sort((a, b) => b.openedAt - a.openedAt || (a.id > b.id ? -1 : 1))
      .slice(0, query.limit);
  }

  async get(id: string): Promise<IncidentDetails | undefined> {
    const { store } = this.#options;
    const incident = this.#book.get(id)?.incident ?? (await loadIncident(store, id));
    if (!incident) return undefined;
    const detections = await loadDetections(store, incident.detections.slice(0, 50));
    return { incident, timeline: await loadTimeline(store, id), detections };
  }

  /** New rules and teams, after a reload. */
  update(options: { readonly runbooks: readonly Runbook[]; readonly teams: readonly string[] }): void {
    this.#book.update({ runbooks: options.runbooks, teams: namedTeams(options.teams) });
  }

  /** To be called every second or so: resolves what is over, ends silences, offers again what was not taken over. */
  tick(): Promise<void> {
    return this.#inTurn(async () => {
      this.#take(this.#book.tick(this.#options.clock.now()));
      if (this.#handover.isBusy) await this.#handover.flush();
    });
  }

  /** Silences, made and ended by people. */
  readonly silences = {
    list: async (): Promise<Silence[]> => this.#silences.active(this.#options.clock.now()),
    create: (wish: NewSilence, by: string): Promise<SilenceResult> =>
      this.#silence((now) => this.#silences.create(wish, by, now)),
    end: (id: string, by: string): Promise<SilenceResult> => this.#silence((now) => this.#silences.end(id, by, now)),
  };

  #silence(change: (now: number) => SilenceResult): Promise<SilenceResult> {
    return this.#inTurn(async () => {
      const now = this.#options.clock.now();
      const result = change(now);
      if (result.kind !== "done") return result;
      this.#take(this.#book.setSilences(this.#silences.active(now), now), [silenceRow(result.value)]);
      await this.#handover.flush();
      return result;
    });
  }

  #act(id: string, wish: { act: (now: number) => BookChange[]; state: Incident["state"] }): Promise<ActResult> {
    return this.#inTurn(async () => {
      this.#take(wish.act(this.#options.clock.now()));
      await this.#handover.flush();
      const incident = this.#book.get(id)?.incident ?? (await loadIncident(this.#options.store, id));
      if (!incident) return { kind: "unknown" };
      if (incident.state === wish.state) return { kind: "done", value: incident };
      return { kind: "refused", reason: `the incident is ${incident.state}` };
    });
  }

  /**
   * A backlog may hold what was judged weeks ago, and memory has forgotten. It is in no hurry, so the
   * store is asked: what is known there opens nothing anew.
   */
  async #recall(detections: readonly Detection[]): Promise<void> {
    const doubtful = detections.filter((detection) => detection.stale && !this.#book.isKnown(detection.id));
    const saved = await loadDetections(
      this.#options.store,
      doubtful.map((detection) => detection.id),
    );
    for (const detection of saved) this.#book.remember({ ...detection, version: Number.MAX_SAFE_INTEGER }, 0);
  }

  #take(changes: readonly BookChange[], rows: readonly SavedRow[] = []): void {
    this.#handover.add(changes, rows);
    for (const { change } of changes) {
      const { incident, kind, page, runbook } = change;
      this.#changes.inc({ runbook: runbook.id, kind });
      if (kind === "updated" && !page) continue;
      this.#options.log.info({ incident: incident.id, runbook: runbook.id, kind, page, quiet: incident.quiet }, "incident"); // prettier-ignore
    }
    if (changes.length > 0) this.#measure();
  }

  #measure(): void {
    const open = Object.groupBy(this.#book.open(), (entry) => entry.incident.severity);
    for (const severity of severities) this.#open.set({ severity }, open[severity]?.length ?? 0);
  }

  /** Runs one call after the other; a failed one doesn't hold up the next. */
  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(call);
    this.#tail = result.catch(() => {});
    return result;
  }
}

// helpers

function namedTeams(names: readonly string[]) {
  return { names: new Set(names), first: names[0] };
}

function isWanted(incident: Incident, { state, before }: IncidentQuery): boolean {
  if (state === "live" ? incident.state === "resolved" : state !== undefined && incident.state !== state) return false;
  if (!before || incident.openedAt < before.time) return true;
  return incident.openedAt === before.time && incident.id < before.id;
}

function promisedChanges(saved: SavedState, book: IncidentBook): BookChange[] {
  return saved.promised.flatMap((promised) => {
    const entry = book.get(promised.incident);
    const { handover } = promised;
    if (!entry || !handover) return [];
    const { kind, page } = handover;
    const { incident, runbook } = entry;
    const detection = saved.detections.find((detection) => detection.id === handover.detection);
    const isDue = page && incident.state !== "resolved" && incident.quiet === undefined;
    return [{ change: { kind, incident, runbook, detection, page: isDue }, line: withoutHandover(promised) }];
  });
}
