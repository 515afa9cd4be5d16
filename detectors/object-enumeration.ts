import { z } from "zod";
import type { AccessEvent } from "../src/normalize/access-event.ts";
import { count, defineDetector, distinct, type Duration, max, type Predicate } from "../src/detect/define-detector.ts";
import { actorInWords, actorTarget } from "../src/detect/actor-target.ts";
import { numberIn, objectOf } from "../src/detect/object-id.ts";
import { hasSharedKey } from "../src/detect/strangers.ts";

/** People who serve customers open many customers' things. */
const staff = /^(?:admin|staff|support|agent|operator|employee|service|internal|system)/i;

/** One thing was asked for by its id. A 401 is about the session, not about the thing. */
const isLookUp: Predicate = (e) =>
  e.status !== 401 && e.status < 500 && !e.route.endsWith("{unknown}") && !staff.test(e.role ?? "");

const isPrivate: Predicate = (e) => e.endpointClass !== "other" && !hasSharedKey(e);

/**
 * It is somebody else's. What is missing may be, too, where things belong to somebody; a partner that
 * asks for what was deleted is no thief.
 */
const isRefused: Predicate = (e) =>
  isLookUp(e) && (e.status === 403 || (isPrivate(e) && (e.status === 404 || e.status === 410)));

/** The id as a number, where a run of them in order means something: not of pictures, nor of a partner's own orders. */
const numberOf = (e: AccessEvent) => (isLookUp(e) && isPrivate(e) ? numberIn(objectOf(e)) : undefined);

export default defineDetector({
  id: "object-enumeration",
  title: "Somebody tries the ids of others' things",
  description:
    "Counts the different ids that one user, key or client asks for on one route: orders, accounts, payments, whatever a path names by id. It fires when many are refused, or lie so close together that they are counted through. This is enumeration only: a single stolen id, ids in a query or a body, ids that can't be counted and were not refused, and one id each from many clients can't be seen in a log. An API key has to be refused with 403, and roles of your own staff are left out.",
  owasp: ["API1:2023"],
  severity: "high",
  needs: { required: ["status"], better: ["userId"] },
  where: {
    endpointClass: ["account", "order", "payment", "checkout", "loyalty", "reservation", "other"],
    outcome: ["ok", "failed", "denied", "unknown"],
  },
  key: ["actor", "route"],
  window: "10m",
  // All this project's own. Cloudflare labels endpoints whose sessions differ drastically in how many
  // elements they ask for, once it knows what is usual; 30 in ten minutes with a sign of guessing needs no history.
  params: z.strictObject({
    objects: z.int().min(5).max(900).default(30).meta({ description: "Different ids on one route in ten minutes." }),
    refused: z
      .number()
      .gt(0)
      .max(1)
      .default(0.3)
      .meta({ description: "Refused share of these requests from which on it is guessing." }),
    dense: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .meta({ description: "Share of all numbers between the lowest and the highest id that were asked for." }),
  }),
  counters: {
    objects: distinct(objectOf, isLookUp),
    requests: count((e) => isLookUp(e) && objectOf(e) !== undefined),
    refused: count((e) => isRefused(e) && objectOf(e) !== undefined),
    highest: max(numberOf),
    lowest: max((e) => below(numberOf(e))),
  },
  evidence: (e) => isLookUp(e) && objectOf(e) !== undefined,
  floor: (p) => p.objects,
  fires: (f, p) => f.objects.value >= p.objects && (f.refused >= p.refused * f.requests || densityOf(f) >= p.dense),
  strength: ({ objects }, p) => objects.value / p.objects,
  signal: "objects",
  shows: () => ["objects", "requests", "refused"],
  summary: (f, key) =>
    `${actorInWords(key["actor"]!)} asked for ${Math.min(f.objects.value, f.requests)} different ids on ${key["route"]} within 10 minutes, ${f.refused} of ${f.requests} requests were refused` +
    (densityOf(f) >= 0.3 ? `; the ids lie side by side` : ""),
  target: ({ key }) => actorTarget(key["actor"]!),
  examples: [
    {
      name: "a user counts through the orders of others, and gets them",
      fires: true,
      events: lookUps({ ids: range(40, (i) => 500_100 + i), every: 3, userId: "mallory" }),
    },
    {
      name: "ids that can't be counted, and most are refused",
      fires: true,
      events: lookUps({ ids: range(40, (i) => `9f${i}c1-${i * 7919}-d`), every: 5, userId: "mallory", status: 403 }),
    },
    {
      name: "a business customer fetches the invoices of the year",
      fires: false,
      events: lookUps({ ids: range(200, (i) => 400_000 + i * 613), every: 2, userId: "buyer" }),
    },
    {
      name: "a partner's batch asks for its own orders, one after the other",
      fires: false,
      events: lookUps({ ids: range(300, (i) => 700_000 + i), every: 1, apiKey: "partner-7" }),
    },
    {
      name: "a partner's batch asks for orders that were deleted",
      fires: false,
      events: lookUps({ ids: range(300, (i) => 700_000 + i), every: 1, apiKey: "partner-7", status: 404 }),
    },
    {
      name: "a campus after a sale: each customer looks at their own order",
      fires: false,
      events: lookUps({ ids: range(60, (i) => 800_000 + i * 17), every: 8 }),
    },
    {
      name: "a new app's sessions have expired",
      fires: false,
      events: lookUps({ ids: range(60, (i) => 800_000 + i), every: 4, userId: "anna", status: 401 }),
    },
    {
      name: "customer care has a busy morning",
      fires: false,
      events: lookUps({ ids: range(60, (i) => 800_000 + i), every: 8, userId: "care-2", role: "support" }),
    },
    {
      name: "one order, looked at again and again until it is paid",
      fires: false,
      events: lookUps({ ids: range(200, () => 500_100), every: 2, userId: "anna" }),
    },
  ],
  triage: [
    "How many of the requests were answered with 2xx? Those things were read by somebody they don't belong to.",
    "Does the service check whose thing it is, or only that somebody is signed in?",
    "Is it a partner's batch or a tool of your own that lacks an API key or a role?",
  ],
});

/** How much of the range between the lowest and the highest number was asked for; 0 where ids are no numbers. */
function densityOf(f: { objects: { value: number }; highest: number; lowest: number }): number {
  return f.highest === 0 ? 0 : f.objects.value / (f.highest + f.lowest + 1);
}

/** The largest of these is the lowest number, and -0 is none. */
function below(number: number | undefined): number | undefined {
  return number === undefined ? undefined : -number;
}

function range<T>(length: number, of: (i: number) => T): T[] {
  return Array.from({ length }, (_, i) => of(i));
}

function lookUps(of: {
  ids: readonly (number | string)[];
  every: number;
  userId?: string;
  apiKey?: string;
  role?: string;
  status?: number;
}) {
  const { userId, apiKey, role, status = 200 } = of;
  return of.ids.map((id, i) => ({
    at: `${i * of.every}s` as Duration,
    method: "GET",
    path: `/api/orders/${id}`,
    route: "/api/orders/{id}",
    endpointClass: "order" as const,
    status,
    outcome: status === 200 ? ("ok" as const) : status === 404 ? ("unknown" as const) : ("denied" as const),
    userId,
    apiKey,
    role,
  }));
}
