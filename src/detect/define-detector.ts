import type { z } from "zod";
import type { AccessEvent, EndpointClass, EventField, Outcome } from "../normalize/access-event.ts";
import { isWithin, localIPv4, parseIPv4 } from "../normalize/ipv4.ts";
import type { Baseline, BaselineMeasure, BaselinePlace } from "./baseline.ts";
import type { Counter, Figures, Predicate } from "./counters.ts";
import type { EvidenceEvent, Severity, Target } from "./detection.ts";
import type { Dimension } from "./dimension.ts";
import type { JudgeContext } from "./judge-context.ts";
import type { SuppressedBy } from "./suppressions.ts";
import type { Duration } from "../units.ts";

export { dimensions, type Dimension } from "./dimension.ts";
export { count, distinct, firstSeen, last, max, quantile, sum } from "./counters.ts";
export type { Counter, CounterScope, Figures, Firsts, Known, Predicate, Remembered } from "./counters.ts";
export { type Baseline, inPercent, isSettled, usualInWords, usualRange } from "./baseline.ts";
export { type JudgeContext, natFactor } from "./judge-context.ts";
export type { Duration };

/** Chooses events before anything is counted; indexed, so that other events cost nothing. */
export interface Where {
  readonly endpointClass?: readonly EndpointClass[];
  readonly outcome?: readonly Outcome[];
  readonly method?: readonly string[];
  /**
   * `true`: only attempts, each counted once: requests, or shop events where the endpoint says so.
   * `false`: only what is none. Left out: both.
   */
  readonly attempt?: boolean;
  /** Requests (`gateway`), shop events (`shop`). Left out: requests only, or both where `attempt` is given. */
  readonly origin?: readonly AccessEvent["origin"][];
}

/** The records that a `where` looks at: a detector that knows nothing of shop events counts none twice. */
export function originsOf({ origin, attempt }: Where): readonly AccessEvent["origin"][] {
  return origin ?? (attempt === undefined ? ["gateway"] : ["gateway", "shop"]);
}

/** What `target` may look at when it names whom a runbook may block. */
export interface TargetInput {
  readonly key: Readonly<Record<string, string>>;
  /** All samples kept of the episode, earliest first (more than the ten that are shown). */
  readonly samples: readonly EvidenceEvent[];
  readonly firstSeen: number;
  /** Whether this client had a success before `time`; `undefined` when that can't be told. */
  readonly succeededBefore: (clientIp: string, time: number) => boolean | undefined;
}

/** One example, run as a test: events in, and whether the detector fires. */
export interface Example {
  readonly name: string;
  readonly events: readonly (Partial<AccessEvent> & {
    readonly at: Duration;
    readonly times?: number;
    readonly every?: Duration;
  })[];
  readonly fires: boolean;
  readonly params?: Readonly<Record<string, unknown>>;
  /** What is usual at every hour of the week, as if it had been learned from four weeks; unknown, unless given. */
  readonly baselines?: readonly ExampleBaseline[];
}

/** The spread is a tenth of the median, unless given. */
export type ExampleBaseline = BaselinePlace & { readonly of: BaselineMeasure } & Pick<Baseline, "median"> &
  Partial<Pick<Baseline, "spread" | "confidence">>;

/** A detector: what to look for. The engine counts, windows, evicts, saves, measures and mutes. */
export interface DetectorDefinition<
  C extends Record<string, Counter> = Record<string, Counter>,
  P extends z.ZodObject = z.ZodObject,
> {
  /** The file's name without `.ts`. */
  readonly id: string;
  readonly title: string;
  /** What it finds and what it can't see, for the docs and the console. */
  readonly description: string;
  readonly owasp: readonly string[];
  readonly severity: Severity;
  readonly needs: { readonly required: readonly EventField[]; readonly better: readonly EventField[] };
  readonly where: Where;
  readonly key: readonly Dimension[];
  readonly window: Duration;
  /** How often an open key is judged once sealed; a sixtieth of the window, at least 1 s, unless given. */
  readonly bucket?: Duration;
  /** Closes an episode after so long without firing; the window, unless given. */
  readonly quiet?: Duration;
  /**
   * `false`: judged on complete buckets alone. For what compares with others, or with what came before, and blocks
   * nobody: the events that are read next may take back what was found before they were.
   */
  readonly onChange?: false;
  readonly params: P;
  readonly counters: C;
  /**
   * Which events speak for it: they are kept as samples, and only they can make it fire. All that are
   * counted, unless given.
   */
  readonly evidence?: Predicate;
  /** The fewest counted events in its window with which it can fire; keys with fewer are not judged. */
  readonly floor?: (params: z.output<P>) => number;
  readonly fires: (figures: Figures<C>, params: z.output<P>, context: JudgeContext) => boolean;
  /**
   * How many times over its floor it is when it fires: 1 just at it, 3 or more is sure enough for an
   * automatic block. Unless given, its first counter over its `floor`, which fits where that is a count.
   */
  readonly strength?: (figures: Figures<C>, params: z.output<P>, context: JudgeContext) => number;
  /**
   * What it is a sign of. Two detectors that name the same target confirm one another where this
   * differs. Unless given: the first endpoint class it looks at, `limited` or `denied` where it looks at
   * nothing else, or `requests`.
   */
  readonly signal?: string;
  /**
   * Compares whoever the key names with all others of the key's `route`: a quantile of the largest figure
   * that each of them had in an hour, over a day. `fires` is told it as `context.population`.
   */
  readonly population?: { readonly counter: keyof C & string; readonly quantile: number };
  /**
   * What it compares with what is usual at this hour of the week: `context.baseline` tells only these.
   * Such a detector also works while nothing is known yet, by floors of its own; and only what it finds by
   * them can be blocked: what is unusual and nothing else opens an incident that names nobody.
   */
  readonly baselines?: readonly BaselineMeasure[];
  /**
   * Detectors while whose episodes it does not fire: what everybody suffers from is nobody's attack. For
   * the whole site, or only where the `route` or `endpointClass` is the same.
   */
  readonly suppressedBy?: readonly (string | SuppressedBy)[];
  /** Overrides `severity` by the figures. */
  readonly severityOf?: (figures: Figures<C>, params: z.output<P>, context: JudgeContext) => Severity;
  /** Which figures people are shown; all, unless given. Longer windows count in whole buckets and lag a little. */
  readonly shows?: (figures: Figures<C>, params: z.output<P>) => readonly (keyof C & string)[];
  /** One sentence with the figures, and with what is usual where that was compared. */
  readonly summary: (figures: Figures<C>, key: Readonly<Record<string, string>>, context: JudgeContext) => string;
  readonly target: (input: TargetInput) => Target | readonly Target[] | undefined;
  readonly examples: readonly Example[];
  readonly triage: readonly string[];
}

/** Declares a detector; checks its types, changes nothing. */
export function defineDetector<const C extends Record<string, Counter>, P extends z.ZodObject>(
  definition: DetectorDefinition<C, P>,
): DetectorDefinition<C, P> {
  return definition;
}

/** The event failed in the shop's terms: a wrong password, a decline. Our own blocks are no failure. */
export const isFailed: Predicate = (event) => event.outcome === "failed" && !event.enforced;

/** The event succeeded in the shop's terms. */
export const isOk: Predicate = (event) => event.outcome === "ok";

/** The shop said no: a wrong password, an unknown name. An error of the server, which fails everybody, is none. */
export const isRefused: Predicate = (event) => isFailed(event) && event.status < 500;

/** The shop said yes or no: what a refused share is a share of. */
export const isAnswered: Predicate = (event) => event.outcome === "ok" || isRefused(event);

/** The gateway's or application's limiter refused it. */
export const isLimited: Predicate = (event) => event.outcome === "limited" && !event.enforced;

/** The gateway gave what was asked for: 200 to 299. */
export const isServed: Predicate = (event) => event.status >= 200 && event.status < 300;

/** Who gives up after so long was failed by the server, not by impatience. */
const gaveUpAfterMs = 10_000;

/** A server error, or a client that gave up waiting. A limiter's 503 is no error. */
export const isServerError: Predicate = ({ outcome, status, durationMs }) =>
  outcome !== "limited" && (status >= 500 || ((status === 499 || status === 0) && (durationMs ?? 0) >= gaveUpAfterMs));

/** The log tells who asked: a user, an API key or a session. */
export const isSignedIn: Predicate = ({ userId, apiKey, sessionId }) =>
  userId !== undefined || apiKey !== undefined || sessionId !== undefined;

/** The client is in the internet: its address is known, and not private, shared (RFC 6598), loopback or link-local. */
export const isFromOutside: Predicate = ({ clientIp }) => {
  if (clientIp === undefined) return false;
  const number = parseIPv4(clientIp);
  return number === -1 ? !/^(?:f[cd]|fe[89ab]|::1$)/.test(clientIp) : !isWithin(number, localIPv4);
};
