import { z } from "zod";
import { count, defineDetector, distinct, type Predicate } from "../src/detect/define-detector.ts";
import { tokenReasonOf } from "../src/detect/token-reason.ts";

const isRejected: Predicate = (e) => tokenReasonOf(e) !== undefined;
const hour = 3_600_000;
/**
 * So much of the floor has to be left when each client counts once a minute at most: a few pages that were
 * left open ask sixty times in ten minutes, and are not everybody.
 */
const spreadShare = 0.8;

export default defineDetector({
  id: "token-rejection-surge",
  title: "Everybody's tokens are turned away",
  description:
    "Compares how many tokens a gateway turned away within ten minutes, of how many clients, with each ten minutes of the hour before. It is an app release that signs everybody out, keys that were changed, an identity service that fails, and seldom an attack: it names nobody and blocks nobody, and tells the reasons where the log has them (the attribute `reason`). It needs an hour of traffic before it says anything.",
  owasp: ["API2:2023", "API8:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "status"], better: ["attributes"] },
  where: {
    endpointClass: [
      "account", "order", "cart", "checkout", "payment", "loyalty", "promo", "reservation", "admin", "debug", "catalog",
      "search", "other",
    ], // prettier-ignore
    outcome: ["denied", "failed"],
    origin: ["gateway"],
  },
  key: ["gateway"],
  window: "10m",
  params: z.strictObject({
    rejected: z.int().min(1).default(200).meta({ description: "Tokens turned away in ten minutes." }),
    clients: z.int().min(1).default(20).meta({ description: "Different clients they came from." }),
    times: z
      .number()
      .min(1)
      .default(5)
      .meta({ description: "So many times as many as in ten minutes of the hour before." }),
  }),
  counters: {
    rejected: count(isRejected),
    clients: distinct((e) => e.clientKey, isRejected),
    spread: distinct((e) => e.clientKey && `${Math.floor(e.time / 60_000)} ${e.clientKey}`, isRejected),
    ended: count((e) => tokenReasonOf(e) === "ended"),
    forged: count((e) => tokenReasonOf(e) === "forged"),
    missing: count((e) => tokenReasonOf(e) === "missing"),
    inHour: count(isRejected, { window: "1h" }),
  },
  evidence: isRejected,
  floor: (p) => p.rejected,
  fires: ({ rejected, clients, spread, inHour }, p, { watchedMs }) => {
    if (rejected < p.rejected || watchedMs < hour) return false;
    // The hour lags behind by up to a minute, so that what is left of it may be too little.
    const before = Math.max((inHour - rejected) / 5, inHour / 12);
    if (clients.value < p.clients || spread.value < spreadShare * p.rejected) return false;
    return rejected >= p.times * before;
  },
  shows: () => ["rejected", "clients", "ended", "forged", "missing", "inHour"],
  summary: ({ rejected, clients, ended, forged, missing, inHour }, key) => {
    const reasons = [
      ended > 0 ? `${ended} had ended` : "",
      forged > 0 ? `${forged} were never valid` : "",
      missing > 0 ? `${missing} requests had none` : "",
    ].filter((text) => text !== "");
    return (
      `Gateway ${key["gateway"]} turned away the tokens of ${rejected} requests within 10 minutes, of ${clients.value} clients` +
      ` (${inHour} within the hour): ${reasons.length > 0 ? reasons.join(", ") : "the log doesn't tell why"}`
    );
  },
  target: () => undefined,
  examples: [
    {
      name: "an app release signs everybody out",
      fires: true,
      events: [...hours(2), ...storm({ clients: 200, each: 4, reason: "token_expired" })],
    },
    {
      name: "the same in a shop where tokens are never turned away",
      fires: true,
      events: [
        { at: "0s", times: 240, every: "30s", endpointClass: "catalog", status: 200, outcome: "ok" },
        ...storm({ clients: 200, each: 4, reason: "token_expired" }),
      ],
    },
    {
      name: "keys were changed; the log doesn't tell why",
      fires: true,
      events: [...hours(2), ...storm({ clients: 200, each: 4 })],
    },
    {
      name: "one client alone",
      fires: false,
      events: [...hours(2), ...storm({ clients: 1, each: 800 })],
    },
    {
      name: "an ordinary day: pages ask before anybody signs in",
      fires: false,
      events: hours(4),
    },
    {
      name: "at the start, with nothing to compare with",
      fires: false,
      events: [...storm({ clients: 200, each: 4, at: 0 })],
    },
    {
      name: "the morning comes: twice as many each half hour",
      fires: false,
      events: [1, 2, 4, 8].flatMap((more, i) => some({ from: i * 1800, seconds: 1800, every: 12 / more })),
    },
  ],
  triage: [
    "What was released or changed in that minute: an app, the identity service, its keys, a gateway's configuration?",
    "Do the same clients get in a moment later? Then they renewed their tokens, and it is over soon.",
    "Is it one version of one app, or everybody?",
  ],
});

function one(second: number, client: number, reason?: string) {
  return {
    at: `${Math.round(second * 1000)}ms` as const,
    endpointClass: "account" as const,
    status: 401,
    outcome: "denied" as const,
    attributes: reason === undefined ? undefined : { reason },
    clientIp: `203.0.113.${client % 250}`,
    clientKey: `203.0.113.${client % 250}`,
  };
}

/** So many seconds between one rejected token and the next. */
function some(of: { from: number; seconds: number; every: number }) {
  return Array.from({ length: Math.floor(of.seconds / of.every) }, (_, i) => one(of.from + i * of.every, i));
}

/** Ordinary hours: five rejected tokens a minute. */
function hours(count: number) {
  return some({ from: 0, seconds: count * 3600, every: 12 });
}

/** Within five minutes; after two hours, unless given. */
function storm(of: { clients: number; each: number; reason?: string; at?: number }) {
  const all = of.clients * of.each;
  return Array.from({ length: all }, (_, i) =>
    one((of.at ?? 7200) + (i * 300) / all, of.clients === 1 ? 0 : i % of.clients, of.reason),
  );
}
