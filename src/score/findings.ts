import type { Decision } from "../block/decision.ts";
import type { Detection } from "../detect/detection.ts";
import type { IncidentChange } from "../incident/incident.ts";

/** One episode that was told: a detection with all its versions, and those it took the place of. */
export interface Finding {
  /** As it was told first, and last. */
  readonly first: Detection;
  detection: Detection;
  /** When it was first told: event time, or when its window was complete; epoch ms. */
  readonly toldAt: number;
}

/** One decision, from when it first stood. Those that a person was asked about, or the guard refused, never did. */
export interface Block {
  /** As it was last. */
  decision: Decision;
  readonly since: number;
}

/** What people were told of: an incident, and the detections that it took in. */
export interface Alert {
  readonly detections: Set<string>;
  /** The detections that opened or reopened it, once for each time, unless another incident kept it quiet. */
  readonly openedBy: string[];
}

/** Collects what a replay tells: each detection, decision and incident once. */
export class Findings {
  readonly #findings = new Map<string, Finding>();
  readonly #blocks = new Map<string, Block>();
  readonly #alerts = new Map<string, Alert>();

  /** `now`: when it is told, by the replay's clock. */
  detections(detections: readonly Detection[], now: number): void {
    for (const detection of detections) {
      const { id, supersedes } = detection;
      const known = this.#findings.get(id) ?? this.#findings.get(supersedes ?? "");
      // How one ended that another took the place of says nothing of the episode.
      if (known?.detection.supersedes === id) continue;
      if (known) known.detection = detection;
      else
        this.#findings.set(id, { first: detection, detection, toldAt: detection.sealed ? now : eagerTime(detection) });
      if (known) this.#findings.set(id, known);
    }
  }

  incident({ kind, incident, detection }: IncidentChange): void {
    if (!detection) return;
    const alert = this.#alerts.get(incident.id) ?? { detections: new Set(), openedBy: [] };
    this.#alerts.set(incident.id, alert);
    const isQuiet = incident.quiet?.startsWith("inhibited:") ?? false;
    if ((kind === "opened" || kind === "reopened") && !isQuiet) alert.openedBy.push(detection.id);
    alert.detections.add(detection.id);
  }

  /** A decision that never stands (a person is asked, the guard refuses) is no block. */
  decision(decision: Decision, now: number): void {
    const known = this.#blocks.get(decision.uuid);
    if (known) known.decision = decision;
    else if (decision.state === "active") this.#blocks.set(decision.uuid, { decision, since: now });
  }

  /** Each episode once, however often it was given another name. */
  findings(): Finding[] {
    return [...new Set(this.#findings.values())];
  }

  blocks(): Block[] {
    return [...this.#blocks.values()];
  }

  alerts(): Alert[] {
    return [...this.#alerts.values()];
  }

  /** The episode that a detection's id belongs to. */
  finding(detection: string | undefined): Finding | undefined {
    return detection === undefined ? undefined : this.#findings.get(detection);
  }
}

// helpers

/** What is told on change has the time of the event that tipped it in its version; see `Episodes`. */
function eagerTime({ version }: Detection): number {
  return Math.floor(version / 8);
}
