import type { z } from "zod";
import type { CheckAnswer, CheckRequest } from "../block/check.ts";
import type { Decision } from "../block/decision.ts";
import type { LiveReport } from "../block/detector-trial.ts";
import type { Baseline, BaselineMeasure } from "../detect/baseline.ts";
import type { Detection, Target } from "../detect/detection.ts";
import type { Incident, IncidentEvent } from "../incident/incident.ts";
import type { Runbook } from "../incident/runbook.ts";
import type { newSilence, Silence } from "../incident/silence.ts";
import type { Delivery } from "../notify/notifier.ts";
import type { AcceptAnswer } from "../source/http-source.ts";
import type { BodyHeaders } from "../source/log-body.ts";
import type { detectorItemSchema, detectorSchema } from "./detector-schema.ts";
import type { ServiceStatus } from "./service-status.ts";

/** Continues a list after the item with this time and id; lists are newest first, ties by id downwards. */
export interface Cursor {
  readonly time: number;
  readonly id: string;
}

/** `limit` is within bounds already. */
export interface PageRequest {
  readonly limit: number;
  readonly before: Cursor | undefined;
}

/** What became of something a person asked for. `unknown`: there is no such id. */
export type ActionResult<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly reason: string };

/** `live`: open or acknowledged. */
export type IncidentFilter = PageRequest & { readonly state: Incident["state"] | "live" | undefined };

export type DetectionFilter = PageRequest & {
  readonly detector: string | undefined;
  readonly state: Detection["state"] | undefined;
};

/** `current`: active, or asked and waiting for a person; dry runs included. */
export type DecisionFilter = PageRequest & {
  readonly state: Decision["state"] | "current" | undefined;
  readonly scope: Target["scope"] | undefined;
  readonly value: string | undefined;
};

export interface IncidentDetail {
  readonly incident: Incident;
  /** Oldest first. */
  readonly timeline: readonly IncidentEvent[];
  readonly detections: readonly Detection[];
  readonly decisions: readonly Decision[];
}

/**
 * Newest by `openedAt`. Live ones are asked for every two seconds while a console is open, and have
 * to come from memory; so do current decisions and the newest deliveries. `by` is the name of the token, or `local` where there
 * are no tokens.
 */
export interface IncidentService {
  list(filter: IncidentFilter): Promise<readonly Incident[]>;
  get(id: string): Promise<IncidentDetail | undefined>;
  acknowledge(id: string, by: string): Promise<ActionResult<Incident>>;
  resolve(id: string, by: string): Promise<ActionResult<Incident>>;
}

/** Newest by `firedAt`. */
export interface DetectionService {
  list(filter: DetectionFilter): Promise<readonly Detection[]>;
  get(id: string): Promise<Detection | undefined>;
}

export type NewDecision = Target & {
  readonly action: Decision["action"];
  readonly forMs: number;
  readonly reason: string;
  readonly by: string;
};

/** Newest by `createdAt`. */
export interface DecisionService {
  list(filter: DecisionFilter): Promise<readonly Decision[]>;
  /** The answer may be `asked` or `refused` by the guard: its verdicts say why. */
  add(decision: NewDecision): Promise<ActionResult<Decision>>;
  lift(id: number, by: string, reason: string): Promise<ActionResult<Decision>>;
  /** Makes a decision stand that the guard had asked a person about. */
  confirm(id: number, by: string): Promise<ActionResult<Decision>>;
}

export interface SilenceService {
  /** Those that have not ended, the next to end first; at most a thousand. */
  list(): Promise<readonly Silence[]>;
  create(silence: z.output<typeof newSilence>, by: string): Promise<ActionResult<Silence>>;
  /** Ends it now. */
  end(id: string, by: string): Promise<ActionResult<Silence>>;
}

/** Newest by `createdAt`. */
export interface DeliveryService {
  list(filter: PageRequest & { readonly channel: string | undefined }): Promise<readonly Delivery[]>;
}

export interface RunbookService {
  list(): readonly Runbook[];
  get(id: string): Runbook | undefined;
}

/** A detector in the list: how it runs, what it can see, and what it found since it runs so. */
export type DetectorItem = z.output<typeof detectorItemSchema>;

/** One detector, with what it looks for. */
export type DetectorDetail = z.output<typeof detectorSchema>;

export interface DetectorService {
  /** All that are loaded, and those that are off. */
  list(): readonly DetectorItem[];
  get(id: string): DetectorDetail | undefined;
  /** `undefined`: there is none, or it is off. */
  report(id: string): LiveReport | undefined;
}

/** All that is known of an address, a user or a reference. */
export interface Explanation {
  readonly subject: string;
  /** Plain sentences for people, the most telling first. */
  readonly lines: readonly string[];
  readonly decisions: readonly Decision[];
  readonly detections: readonly Detection[];
  readonly incidents: readonly Incident[];
}

/** What `POST /v1/logs` is answered with; 404: there is no such HTTP source, or none, or several and none was named. */
export interface LogAnswer {
  readonly status: AcceptAnswer["status"] | 404;
  readonly body: AcceptAnswer["body"];
  readonly otlp?: AcceptAnswer["otlp"];
}

export interface LogService {
  /** The largest body of any HTTP source, bytes as sent; 0 when there is no such source. */
  readonly maxBodyBytes: number;
  /** Takes a body as it came (perhaps gzip) for the named HTTP source, or for the only one. */
  accept(source: string | undefined, body: Buffer, headers: BodyHeaders): Promise<LogAnswer>;
}

/** What is usual, as learned; `undefined` and empty until something is. */
export interface BaselineService {
  /** At each place, at this moment of event time. */
  now(of: BaselineMeasure): BaselineList;
  /** At one place, in each hour of the week, Monday at midnight first. */
  week(of: BaselineMeasure, place: string): readonly Baseline[] | undefined;
}

export interface BaselineList {
  /** Event times, epoch ms: since when the figures hold, and up to when they were learned from; absent until something is known. */
  readonly holdsFrom: number | undefined;
  readonly learnedTo: number | undefined;
  readonly timeZone: string | undefined;
  /** By name: `site`, `class login`, `gateway edge`, `gateway edge class login`, `route /api/login`. */
  readonly places: readonly (Baseline & { readonly place: string })[];
}

export interface BlockingSwitch {
  /** Lets everyone in, and empties every gateway. */
  stop(by: string): Promise<void>;
  /** Takes blocking up again where it was stopped. */
  resume(by: string): Promise<void>;
}

/** All that the API speaks to; `app.ts` puts it together. */
export interface ApiServices {
  readonly incidents: IncidentService;
  readonly detections: DetectionService;
  readonly detectors: DetectorService;
  readonly decisions: DecisionService;
  readonly silences: SilenceService;
  readonly deliveries: DeliveryService;
  readonly runbooks: RunbookService;
  readonly baselines: BaselineService;
  /** Whether a gateway should let a request pass; answers from memory. */
  check(request: CheckRequest): CheckAnswer;
  readonly logs: LogService;
  readonly blocking: BlockingSwitch;
  why(subject: string): Promise<Explanation>;
  status(): ServiceStatus;
  /** Why the service is not ready; empty when it is. */
  ready(): readonly string[];
}
