import { z } from "zod";
import type { Decision } from "../block/decision.ts";
import { canonicalTarget, targetKey } from "../block/target.ts";
import type { Target } from "../detect/detection.ts";
import { parseIPv4 } from "../normalize/ipv4.ts";

/** A newer form that an older gate can't read gets another number. */
const version = 1;

/** The key whose value says whether anybody is blocked at all; a target's key has a space in it. */
export const servingKey = "serving";

/** More on one target is no list of decisions but a fault. */
const maxOnTarget = 100;

const oneSchema = z.object({
  id: z.int().min(0),
  uuid: z.string().min(1).max(64),
  version: z.int().min(1),
  action: z.enum(["ban", "throttle", "captcha"]),
  createdAt: z.int(),
  until: z.int(),
  origin: z.enum(["runbook", "manual"]),
  runbook: z.string().max(256).optional(),
  servedAt: z.int().optional(),
  /** Of one that was lifted before its time: gateways may still hold it. */
  liftedAt: z.int().optional(),
});

const recordSchema = z.object({ v: z.literal(version), decisions: z.array(oneSchema).max(maxOnTarget) });
const servingSchema = z.object({
  v: z.literal(version),
  serving: z.boolean(),
  /** Where whoever acts can be reached by people. */
  leader: z.string().max(500).optional(),
});
const scopeSchema = z.enum(["ip", "range", "user", "apiKey", "session", "country", "as"]);

export type Serving = Omit<z.output<typeof servingSchema>, "v">;

/** What gateways have to know of one target, as a record of the topic `decisions`. Why it was decided stays with whoever acts. */
export function writeDecisions(decisions: readonly Decision[]): string {
  return JSON.stringify({ v: version, decisions: decisions.slice(0, maxOnTarget).map(written) });
}

/** The decisions on one target; `undefined` for what is none, or of a version that this one doesn't know. */
export function readDecisions(key: string, text: string): Decision[] | undefined {
  const target = readTarget(key);
  const read = recordSchema.safeParse(parsed(text)).data;
  return target && read?.decisions.map((one) => decisionOf(target, one));
}

export function writeServing(said: Serving): string {
  return JSON.stringify({ v: version, ...said });
}

/** Whether decisions are served, and who acts; `undefined` for what doesn't say. */
export function readServing(text: string): Serving | undefined {
  return servingSchema.safeParse(parsed(text)).data;
}

/** The target of a key, as `targetKey` writes it; `undefined` for any other. */
export function readTarget(key: string): Target | undefined {
  const space = key.indexOf(" ");
  // Most are, and a gate reads all of them when it starts.
  const address = key.slice(3);
  if (key.startsWith("ip ") && parseIPv4(address) >= 0) return { scope: "ip", value: address };
  const scope = scopeSchema.safeParse(key.slice(0, Math.max(0, space))).data;
  const target = scope && canonicalTarget({ scope, value: key.slice(space + 1) });
  return target && targetKey(target) === key ? target : undefined;
}

// helpers

type Written = z.output<typeof oneSchema>;

function written(decision: Decision): Written {
  const { id, uuid, version, action, createdAt, until, origin, runbook, servedAt, liftedAt } = decision;
  return {
    ...{ id, uuid, version, action, createdAt, until, origin },
    ...(runbook === undefined ? {} : { runbook }),
    ...(servedAt === undefined ? {} : { servedAt }),
    ...(liftedAt === undefined ? {} : { liftedAt }),
  };
}

function decisionOf(target: Target, { runbook, servedAt, liftedAt, ...one }: Written): Decision {
  return {
    ...target,
    ...one,
    ...{ incident: undefined, detection: undefined, runbook, reason: "", dryRun: false, repeat: 0, verdicts: [] },
    state: liftedAt === undefined ? "active" : "lifted",
    ...{ liftedBy: undefined, liftedAt },
    servedAt: servedAt ?? one.createdAt,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the schema refuses it, and whoever reads counts it.
    return undefined;
  }
}
