import { z } from "zod";
import {
  count,
  defineDetector,
  distinct,
  isSettled,
  type Known,
  type Predicate,
  quantile,
  usualInWords,
  usualRange,
} from "../src/detect/define-detector.ts";
import type { AccessEvent } from "../src/normalize/access-event.ts";

/** What is answered faster is slow for nobody. */
const slowFromMs = 500;

/** How long the application took; where the log lacks that, how long it all took, a slow client included. */
const tookMs = (e: AccessEvent): number | undefined => e.upstreamMs ?? e.durationMs;
/** Errors are `endpoint-errors`' business, and refusals are fast. */
const isAnswer: Predicate = (e) => e.status >= 200 && e.status < 400;
const isSlow: Predicate = (e) => isAnswer(e) && (tookMs(e) ?? 0) >= slowFromMs;

export default defineDetector({
  id: "endpoint-latency",
  title: "An endpoint has become slow",
  description:
    "Compares the time that nine in ten answers of an endpoint stay below, over five minutes, with the last day, and with what is usual at this hour of the week: what is as slow every night is not told. It takes the application's time where the log has it, else the whole. Answers below half a second are slow for nobody, and what a few clients alone ask for is left out. Endpoints with few requests, and those that become slow over days, are not seen.",
  owasp: ["API4:2023"],
  severity: "medium",
  needs: { required: ["durationMs"], better: ["upstreamMs", "clientIp"] },
  where: { origin: ["gateway"] },
  key: ["route"],
  window: "5m",
  params: z.strictObject({
    slowMs: z
      .number()
      .min(slowFromMs)
      .default(2000)
      .meta({ description: "One in ten answers takes so long, in milliseconds." }),
    times: z.number().min(1).default(3).meta({ description: "So many times as long as over the last day." }),
    answers: z.int().min(1).default(100).meta({ description: "Answers in five minutes." }),
    clients: z.int().min(1).default(10).meta({ description: "Different clients that wait half a second or more." }),
    history: z
      .int()
      .min(1)
      .default(500)
      .meta({ description: "Answers of the last day, or what is usual has to be known; else nothing is said." }),
  }),
  baselines: ["p90Ms"],
  counters: {
    answers: count(isAnswer),
    p90Ms: quantile(tookMs, 0.9, isAnswer),
    slowClients: distinct((e) => e.clientKey, isSlow),
    dayAnswers: count(isAnswer, { window: "1d" }),
    dayP90Ms: quantile(tookMs, 0.9, isAnswer, { window: "1d" }),
  },
  evidence: isSlow,
  floor: (p) => p.answers,
  fires: ({ answers, p90Ms, slowClients, dayAnswers, dayP90Ms }, p, context) => {
    const usual = context.baseline("p90Ms");
    const atThisHour = isSettled(usual) ? usual.median : 0;
    if (isSettled(usual) && p90Ms.value < usualRange(usual).most) return false;
    if (dayAnswers < p.history && atThisHour === 0) return false;
    return (
      answers >= p.answers &&
      (!slowClients.known || slowClients.value >= p.clients) &&
      p90Ms.value >= p.slowMs &&
      p90Ms.value >= p.times * Math.max(atThisHour, dayAnswers < p.history ? 0 : dayP90Ms.value)
    );
  },
  summary: ({ answers, p90Ms, dayP90Ms, slowClients }, key, context) => {
    const usual = context.baseline("p90Ms");
    return (
      `One in ten of ${answers} answers of ${key["route"]} took ${inWords(p90Ms.value)} or more within 5 minutes` +
      (dayP90Ms.known ? `; over the last day ${inWords(dayP90Ms.value)}` : "") +
      (isSettled(usual) ? `; ${usualInWords(usual, inWords)}` : "") +
      waited(slowClients)
    );
  },
  target: () => undefined,
  examples: [
    {
      name: "the database is slow: everything takes three seconds",
      fires: true,
      events: [...answers({ from: 0, times: 1500, ms: 200 }), ...answers({ from: 7500, times: 120, ms: 3000 })],
    },
    {
      name: "one of several servers hangs: one answer in five",
      fires: true,
      events: [
        ...answers({ from: 0, times: 1500, ms: 200 }),
        ...answers({ from: 7500, times: 160, ms: 200 }),
        ...answers({ from: 7500, times: 40, ms: 8000 }),
      ],
    },
    {
      name: "three seconds, where 200 ms are usual at this hour, soon after a start",
      fires: true,
      events: answers({ from: 1, times: 150, ms: 3000 }),
      baselines: [{ of: "p90Ms", route: "/api/example", median: 200 }],
    },
    {
      name: "three seconds, as every night at this hour",
      fires: false,
      events: [...answers({ from: 0, times: 1500, ms: 200 }), ...answers({ from: 7500, times: 120, ms: 3000 })],
      baselines: [{ of: "p90Ms", route: "/api/example", median: 2500 }],
    },
    {
      name: "three seconds, where 200 ms were usual for two days",
      fires: false,
      events: answers({ from: 1, times: 150, ms: 3000 }),
      baselines: [{ of: "p90Ms", route: "/api/example", median: 200, confidence: "low" }],
    },
    {
      name: "it always takes three seconds",
      fires: false,
      events: [...answers({ from: 0, times: 1500, ms: 3000 }), ...answers({ from: 7500, times: 120, ms: 3000 })],
    },
    {
      name: "forty slow answers",
      fires: false,
      events: [...answers({ from: 0, times: 1500, ms: 200 }), ...answers({ from: 7500, times: 40, ms: 3000 })],
    },
    {
      name: "hardly anything to compare with",
      fires: false,
      events: [...answers({ from: 0, times: 100, ms: 200 }), ...answers({ from: 7500, times: 120, ms: 3000 })],
    },
    {
      name: "four times as long, and nobody notices",
      fires: false,
      events: [...answers({ from: 0, times: 1500, ms: 50 }), ...answers({ from: 7500, times: 120, ms: 200 })],
    },
    {
      name: "a partner exports everything",
      fires: false,
      events: [
        ...answers({ from: 0, times: 1500, ms: 200 }),
        ...answers({ from: 7500, times: 120, ms: 3000, clients: 2 }),
      ],
    },
    {
      name: "the first minutes: nothing to compare with",
      fires: false,
      events: answers({ from: 0, times: 150, ms: 3000 }),
    },
  ],
  triage: [
    "Application or network: is the application's time as long as the whole?",
    "Do other endpoints of the same service, or of the same database, take longer too?",
    "Is it asked for more, or for more at once (page sizes, exports, searches)?",
  ],
});

function waited(clients: Known): string {
  return clients.known ? ` (${clients.value} clients waited)` : "";
}

function inWords(ms: number): string {
  return ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`;
}

/** An answer each five seconds at first, later each two; `from`: seconds. */
function answers(of: { from: number; times: number; ms: number; clients?: number }) {
  const clients = of.clients ?? 40;
  return Array.from({ length: of.times }, (_, i) => ({
    at: `${of.from * 1000 + i * (of.from === 0 ? 5000 : 2000)}ms` as const,
    endpointClass: "search" as const,
    method: "GET",
    durationMs: of.ms,
    clientIp: `203.0.113.${i % clients}`,
    clientKey: `203.0.113.${i % clients}`,
  }));
}
