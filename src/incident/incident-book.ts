import type { Detection } from "../detect/detection.ts";
import type { Incident } from "./incident.ts";
import type { Runbook } from "./runbook.ts";
import { EntryIndex } from "./entry-index.ts";
import { groupKey, groupOf } from "./grouping.ts";
import { isOpen, noteDetection, restoreEntry, silenceSubject, type IncidentEntry } from "./incident-entry.ts";
import * as transitions from "./incident-transitions.ts";
import type { BookChange, Scene } from "./incident-transitions.ts";
import { KnownDetections, type KnownDetection } from "./known-detections.ts";
import { pagedTeam, type Teams } from "./paged-team.ts";
import { PendingDetections } from "./pending-detections.ts";
import { inhibits } from "./quiet.ts";
import { RuleSet } from "./rule-set.ts";
import { silences, type Silence } from "./silence.ts";

/** A resolved incident is reopened within this time, or the runbook's `resolve.after` if that is longer. */
const reopenWithinMs = 3_600_000;

/** A detection of which nothing was heard for so long is over: its detector is gone, or lost its state. */
const forgottenAfterMs = 24 * 3_600_000;

/**
 * The incidents, open and lately resolved, and what detections, people and time do to them. Does no
 * I/O and reads no clock: the same calls give the same changes, ids included.
 */
export class IncidentBook {
  readonly #entries = new EntryIndex();
  readonly #known = new KnownDetections();
  readonly #pending = new PendingDetections();
  readonly #onUntold: (runbook: string) => void;
  #rules: RuleSet;
  #teams: Teams;
  #silences: readonly Silence[] = [];

  constructor(options: {
    readonly runbooks: readonly Runbook[];
    readonly teams: Teams;
    /** Called when a `when` can't be told, as a figure it names is missing. */
    readonly onUntold?: (runbook: string) => void;
  }) {
    this.#rules = new RuleSet(options.runbooks);
    this.#teams = options.teams;
    this.#onUntold = options.onUntold ?? (() => {});
  }

  get(id: string): IncidentEntry | undefined {
    return this.#entries.get(id);
  }

  all(): IncidentEntry[] {
    return this.#entries.all();
  }

  open(): IncidentEntry[] {
    return this.#entries.open();
  }

  /** Whether it tells nothing: this version of the detection, or a later one, was seen before, or another took its place. */
  isRepeat(detection: Detection): boolean {
    const known = this.#known.get(detection.id);
    if (known === undefined) return false;
    return detection.version <= known.version || (known.superseded && detection.state === "open");
  }

  isKnown(id: string): boolean {
    return this.#known.get(id) !== undefined;
  }

  /** What a detection changes. A version that was seen before changes nothing. */
  apply(detection: Detection, now: number): BookChange[] {
    if (this.isRepeat(detection) || this.#known.noteEnd(detection)) return [];
    const eager = this.#known.takeOver(detection);
    if (detection.supersedes !== undefined) this.#pending.remove(detection.supersedes);
    const known = this.#known.get(detection.id) ?? eager;
    const attached = (known?.incidents ?? []).flatMap((id) => this.#entries.get(id) ?? []);
    const scene = { ...this.#scene(now), replaces: eager && detection.supersedes };
    const changes = attached.filter(isOpen).map((entry) => transitions.follow(entry, detection, scene));
    if (known?.stale === true && !detection.stale && detection.state === "open") {
      // Found in a backlog it joined what was over; and now it goes on.
      for (const entry of attached.filter((one) => !isOpen(one))) changes.push(this.#reopen(entry, detection, scene));
    }
    this.#note(detection, known);
    for (const runbook of this.#joinable(detection, known, attached)) {
      changes.push(...this.#join(runbook, detection, scene));
    }
    return [...changes, ...this.#reviewInhibited(changes, now)];
  }

  /** A person has seen it. No change when it is not open. */
  acknowledge(id: string, by: string, now: number): BookChange[] {
    const entry = this.#entries.get(id);
    return entry?.incident.state === "open" ? [transitions.acknowledge(entry, by, this.#scene(now))] : [];
  }

  /** A person says it is over. Its detections may go on; a new one reopens it. */
  resolve(id: string, by: string, now: number): BookChange[] {
    const entry = this.#entries.get(id);
    if (!entry || !isOpen(entry)) return [];
    const changes = [this.#close(entry, { by, text: "Resolved by hand" }, now)];
    return [...changes, ...this.#reviewInhibited(changes, now)];
  }

  /** What time alone changes: incidents resolve, silences end, old ones are forgotten. */
  tick(now: number): BookChange[] {
    const changes: BookChange[] = [];
    for (const entry of this.open()) {
      for (const [id, heardAt] of entry.open) if (now - heardAt >= forgottenAfterMs) entry.open.delete(id);
      // A clock that runs ahead somewhere must not keep an incident open.
      const quietSince = Math.min(entry.incident.lastSeen, entry.incident.updatedAt);
      if (entry.open.size > 0 || now < quietSince + entry.runbook.resolveAfterMs) continue;
      changes.push(this.#close(entry, { by: "gatewatch", text: "Resolved: nothing more was seen" }, now));
    }
    this.#pending.expire(now);
    this.#entries.forget(now);
    return [...changes, ...this.#review(this.open(), now)];
  }

  setSilences(active: readonly Silence[], now: number): BookChange[] {
    this.#silences = active;
    return this.#review(this.open(), now);
  }

  /** New rules and teams. What is open stays as it is, and is not paged again because of them. */
  update(options: { readonly runbooks: readonly Runbook[]; readonly teams: Teams }): void {
    this.#rules = new RuleSet(options.runbooks, this.#rules);
    this.#teams = options.teams;
    for (const entry of this.all()) entry.runbook = this.#rules.get(entry.incident.runbook) ?? entry.runbook;
  }

  /** Puts a saved incident back, with those of its detections that are at hand. Changes nothing. */
  restore(incident: Incident, detections: readonly Detection[], now: number): void {
    const runbook = this.#rules.get(incident.runbook);
    const entry = restoreEntry({ incident, runbook, detections, now });
    this.#entries.add(entry);
    for (const id of incident.detections) this.#known.attach(id, incident.id, this.#rules.generation);
  }

  /** Takes note of a detection of an earlier run, without any consequence. */
  remember(detection: Detection, now: number): void {
    if (this.isRepeat(detection) || this.#known.noteEnd(detection)) return;
    this.#known.takeOver(detection);
    const known = this.#known.get(detection.id);
    const incidents = new Set(known?.incidents);
    if (detection.state === "open") {
      for (const runbook of this.#rules.matching(detection)) {
        const entry = this.#entries.find(runbook, detection);
        if (entry && isOpen(entry)) {
          // An incident lists its first detections only; the others are known by their group.
          noteDetection(entry, detection, now);
          incidents.add(entry.incident.id);
        } else if (incidents.size === 0) this.#wait(runbook, detection, now);
      }
    }
    this.#note(detection, { rules: known?.rules, incidents: [...incidents] });
  }

  /**
   * The runbooks whose incidents a detection may open or join. One that has an open incident already
   * is not for rules that changed since: whoever edits a rule in the midst of an attack is not paged for it.
   */
  #joinable(
    detection: Detection,
    known: KnownDetection | undefined,
    attached: readonly IncidentEntry[],
  ): readonly Runbook[] {
    if (detection.state === "unconfirmed" || (known && detection.state === "closed")) return [];
    const isTold = known !== undefined && attached.some(isOpen);
    return this.#rules
      .matching(detection)
      .filter((runbook) => attached.every((entry) => entry.incident.runbook !== runbook.id))
      .filter((runbook) => !isTold || this.#rules.since(runbook.id) <= known.rules);
  }

  #join(runbook: Runbook, detection: Detection, scene: Scene): BookChange[] {
    const { now } = scene;
    const key = groupKey(groupOf(runbook.group, detection));
    const entry = this.#reachable(runbook, detection, now);
    const waiting = this.#pending.of(runbook.id, key, now).filter((other) => other.id !== detection.id);
    const verdict = this.#rules.ask(runbook, detection, {
      detections: (entry?.incident.detectionCount ?? 0) + waiting.length + 1,
      open: (entry?.open.size ?? 0) + waiting.length + 1,
      reopened: entry?.incident.reopened ?? 0,
    });
    if (verdict === "untold") this.#onUntold(runbook.id);
    if (verdict === "wait") this.#wait(runbook, detection, now);
    if (verdict !== "yes") return [];
    this.#pending.take(runbook.id, key);
    return entry
      ? [detection, ...waiting].map((joining) => this.#enter(entry, joining, scene))
      : this.#open(runbook, [detection, ...waiting], scene);
  }

  #open(runbook: Runbook, detections: readonly [Detection, ...Detection[]], scene: Scene): BookChange[] {
    const [detection, ...others] = detections;
    const { group, overflow } = this.#entries.room(runbook, detection);
    if (overflow && isOpen(overflow)) return detections.map((joining) => this.#enter(overflow, joining, scene));
    const { entry, made } = transitions.begin({ runbook, group, detection }, scene);
    this.#entries.add(entry);
    this.#known.attach(detection.id, entry.incident.id, this.#rules.generation);
    return [made, ...others.map((joining) => this.#enter(entry, joining, scene))];
  }

  /** A detection joins an incident; one that begins now reopens it, one out of a backlog does not. */
  #enter(entry: IncidentEntry, detection: Detection, scene: Scene): BookChange {
    this.#known.attach(detection.id, entry.incident.id, this.#rules.generation);
    const { resolvedAt } = entry.incident;
    const isPast = detection.stale && resolvedAt !== undefined && detection.firedAt <= resolvedAt;
    if (isOpen(entry) || isPast) {
      const change = transitions.join(entry, detection, scene);
      if (!isOpen(entry)) entry.open.clear();
      return change;
    }
    return this.#reopen(entry, detection, scene);
  }

  #reopen(entry: IncidentEntry, detection: Detection, scene: Scene): BookChange {
    const change = transitions.reopen(entry, detection, scene);
    this.#entries.refile(entry);
    return change;
  }

  #close(entry: IncidentEntry, how: { by: string; text: string }, now: number): BookChange {
    const change = transitions.close(entry, how, this.#scene(now));
    this.#entries.refile(entry);
    return change;
  }

  #reachable(runbook: Runbook, detection: Detection, now: number): IncidentEntry | undefined {
    const entry = this.#entries.find(runbook, detection);
    if (!entry || isOpen(entry)) return entry;
    const age = now - (entry.incident.resolvedAt ?? 0);
    return age < Math.max(reopenWithinMs, entry.runbook.resolveAfterMs) ? entry : undefined;
  }

  #wait(runbook: Runbook, detection: Detection, now: number): void {
    const group = groupKey(groupOf(runbook.group, detection));
    this.#pending.add({ runbook: runbook.id, group, detection, until: now + runbook.resolveAfterMs });
  }

  #note(detection: Detection, known: Partial<KnownDetection> = {}): void {
    const { incidents = [], rules = this.#rules.generation } = known;
    const { id, version, stale } = detection;
    this.#known.remember(id, { version, incidents, rules, stale, superseded: false });
  }

  #scene(now: number): Scene {
    return {
      now,
      team: (runbook, detection) => pagedTeam(runbook, detection.owner, this.#teams),
      quiet: (entry) => this.#quiet(entry, now),
    };
  }

  #quiet(entry: IncidentEntry, now: number): string | undefined {
    if (entry.incident.team === undefined) return "not_paged";
    if (entry.hushed) return entry.hushed;
    const subject = silenceSubject(entry);
    const silence = this.#silences.find((silence) => silences(silence, subject, now));
    if (silence) return `silenced:${silence.id}`;
    const inhibitor = this.open().find((other) => inhibits(other, entry.incident));
    return inhibitor && `inhibited:${inhibitor.incident.id}`;
  }

  /** An inhibiting incident that changed may give quiet to others, or take it from them. */
  #reviewInhibited(changes: readonly BookChange[], now: number): BookChange[] {
    const inhibited = new Set(changes.flatMap(({ change }) => change.runbook.inhibits));
    if (inhibited.size === 0) return [];
    return this.#review(
      this.open().filter((entry) => inhibited.has(entry.incident.runbook)),
      now,
    );
  }

  #review(entries: readonly IncidentEntry[], now: number): BookChange[] {
    const scene = this.#scene(now);
    return entries.flatMap((entry) => transitions.reviewQuiet(entry, scene) ?? []);
  }
}
