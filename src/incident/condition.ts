import { Environment } from "@marcbachmann/cel-js";
import type { Detection } from "../detect/detection.ts";

/** What a `when:` may ask about the incident, with the detection at hand already counted in. */
export interface ConditionIncident {
  /** How many different detections it has. */
  readonly detections: number;
  /** How many of them are still open. */
  readonly open: number;
  /** How often it was reopened. */
  readonly reopened: number;
}

/** A `when:` ready to be asked. `undefined`: it can't be told, as a figure it names is missing. */
export type Condition = (detection: Detection, incident: ConditionIncident) => boolean | undefined;

/** Why a `when:` is not valid, with the characters it is about, counted from 0. */
export interface ConditionError {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Compiles a CEL expression over `detection` and `incident` and checks its types. Names of counters
 * and of a key's dimensions are the detector's own, so a wrong one shows only when it is asked.
 */
export function compileCondition(text: string): { readonly condition: Condition } | { readonly error: ConditionError } {
  const checked = environment.check(text);
  if (!checked.valid || checked.type !== "bool") {
    const range = checked.error?.range;
    return {
      error: {
        message: checked.error?.summary ?? `the result must be true or false, and this is of type ${checked.type}`,
        start: range?.start ?? 0,
        end: range?.end ?? text.length,
      },
    };
  }
  const evaluate = environment.parse(text);
  return {
    condition(detection, incident) {
      try {
        return evaluate({ detection: detectionVariable(detection), incident: incidentVariable(incident) }) === true;
      } catch {
        // The types are right, so what is left is a figure the log doesn't tell. The caller counts it.
        return undefined;
      }
    },
  };
}

/** The fields a `when:` may use, for messages and the docs. */
export const conditionFields = {
  detection: {
    detector: "string",
    severity: "string",
    state: "string",
    mode: "string",
    coverage: "string",
    confidence: "string",
    strength: "double",
    origin: "string",
    endpointClass: "string",
    route: "string",
    owner: "string",
    sealed: "bool",
    stale: "bool",
    clientIpCertain: "bool",
    owasp: "list<string>",
    key: "map<string, string>",
    counters: "map<string, double>",
    targets: "int",
    seconds: "double",
  },
  incident: { detections: "int", open: "int", reopened: "int" },
} as const;

// helpers

const environment = new Environment({ limits: { maxAstNodes: 500, maxDepth: 50 } })
  .registerVariable({ name: "detection", schema: conditionFields.detection })
  .registerVariable({ name: "incident", schema: conditionFields.incident });

/** Fields the detection lacks are empty text; figures that are not known are left out, so `has()` tells. */
function detectionVariable(detection: Detection): Record<string, unknown> {
  return {
    detector: detection.detector,
    severity: detection.severity,
    state: detection.state,
    mode: detection.mode,
    coverage: detection.coverage,
    confidence: detection.confidence,
    strength: detection.strength,
    origin: detection.origin,
    endpointClass: detection.endpointClass ?? "",
    route: detection.route ?? "",
    owner: detection.owner ?? "",
    sealed: detection.sealed,
    stale: detection.stale,
    clientIpCertain: detection.clientIpCertain,
    owasp: detection.owasp,
    key: detection.key,
    counters: Object.fromEntries(Object.entries(detection.counters).filter(([, value]) => value !== null)),
    targets: BigInt(detection.targets.length),
    seconds: (detection.lastSeen - detection.firstSeen) / 1000,
  };
}

function incidentVariable(incident: ConditionIncident): Record<string, bigint> {
  return {
    detections: BigInt(incident.detections),
    open: BigInt(incident.open),
    reopened: BigInt(incident.reopened),
  };
}
