import type { Detection } from "../detect/detection.ts";
import type { Runbook } from "./runbook.ts";
import { compileCondition, type Condition, type ConditionIncident } from "./condition.ts";
import { matches } from "./grouping.ts";

/** What a runbook says to a detection: `wait` when only more detections in the incident are missing. */
export type Verdict = "yes" | "no" | "wait" | "untold";

/** The runbooks in force, with their conditions ready to be asked. */
export class RuleSet {
  readonly #byId: ReadonlyMap<string, Runbook>;
  readonly #conditions = new Map<string, Condition>();
  readonly #since: ReadonlyMap<string, number>;
  /** Counts reloads, from 1. */
  readonly generation: number;

  /** Runbooks come checked (`loadRunbooks`); a condition that does not compile is a bug, and throws. */
  constructor(runbooks: readonly Runbook[], before?: RuleSet) {
    this.generation = (before?.generation ?? 0) + 1;
    this.#since = new Map(
      runbooks.map((runbook) => {
        const earlier = before?.get(runbook.id);
        const isSame = before !== undefined && earlier !== undefined && choice(earlier) === choice(runbook);
        return [runbook.id, isSame ? before.since(runbook.id) : this.generation];
      }),
    );
    this.#byId = new Map(runbooks.map((runbook) => [runbook.id, runbook]));
    for (const runbook of runbooks) {
      if (runbook.when === undefined) continue;
      const compiled = compileCondition(runbook.when);
      if ("error" in compiled) throw new Error(`${runbook.file}: when: ${compiled.error.message}`);
      this.#conditions.set(runbook.id, compiled.condition);
    }
  }

  get(id: string): Runbook | undefined {
    return this.#byId.get(id);
  }

  /** The generation since which the runbook chooses and groups detections as it does now. */
  since(id: string): number {
    return this.#since.get(id) ?? this.generation;
  }

  /** Runbooks whose `match` chooses the detection. */
  matching(detection: Detection): Runbook[] {
    return [...this.#byId.values()].filter((runbook) => matches(runbook, detection));
  }

  /** What the runbook's `when` says, with the incident as it would be with this detection. */
  ask(runbook: Runbook, detection: Detection, incident: ConditionIncident): Verdict {
    const condition = this.#conditions.get(runbook.id);
    if (!condition) return "yes";
    const answer = condition(detection, incident);
    if (answer === undefined) return "untold";
    if (answer) return "yes";
    return condition(detection, { ...incident, detections: many, open: many }) === true ? "wait" : "no";
  }
}

// helpers

function choice({ match, when, group }: Runbook): string {
  return JSON.stringify([match, when, group]);
}

/** More detections than any condition asks for. */
const many = 1_000_000_000;
