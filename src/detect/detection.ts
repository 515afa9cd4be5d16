import type { EndpointClass, Outcome } from "../normalize/access-event.ts";

export const severities = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof severities)[number];

/** How sure a detector is, from how far over its floor it is: medium from 1.5 times, high from three times. */
export const confidences = ["low", "medium", "high"] as const;
export type Confidence = (typeof confidences)[number];

/** Whom a decision is about. `ip`: one address. `range`: CIDR; an IPv6 client is its /64. */
export interface Target {
  readonly scope: "ip" | "range" | "user" | "apiKey" | "session" | "country" | "as";
  readonly value: string;
}

/** One sample event behind a detection: enough to be believed, nothing secret. */
export interface EvidenceEvent {
  readonly time: number;
  readonly gateway: string;
  readonly clientIp: string | undefined;
  /** What the client is counted and blocked by: its address, or the /64 of an IPv6 one. */
  readonly clientKey?: string | undefined;
  readonly clientIpTrust: "certain" | "guessed";
  readonly method: string;
  readonly path: string;
  readonly route: string;
  readonly endpointClass: EndpointClass;
  readonly status: number;
  readonly outcome: Outcome;
  readonly userId: string | undefined;
  readonly country: string | undefined;
  readonly userAgent: string | undefined;
  readonly requestId: string | undefined;
}

/**
 * One detector, one key, one episode. It is `open` while it goes on, `closed` after a quiet time,
 * `unconfirmed` when it fired on change but not once its events were complete. The id stays the
 * same over updates, restarts and replays.
 */
export interface Detection {
  /** `det_` and 16 hex digits, from detector, key and the bucket it opened in. */
  readonly id: string;
  /** Rises with each change; the highest wins. */
  readonly version: number;
  readonly detector: string;
  readonly title: string;
  readonly severity: Severity;
  readonly owasp: readonly string[];
  readonly state: "open" | "closed" | "unconfirmed";
  /** True once the watermark passed the bucket it fired in: figures and evidence no longer depend on order. */
  readonly sealed: boolean;
  /** By the names of the key's dimensions; an IPv6 `clientIp` is its /64. */
  readonly key: Readonly<Record<string, string>>;
  /** Event times, epoch ms: of the first event counted, of the end of the bucket that fired, of the last one. */
  readonly firstSeen: number;
  readonly firedAt: number;
  readonly lastSeen: number;
  /** Figures by counter name; `null` where the log doesn't tell. */
  readonly counters: Readonly<Record<string, number | null>>;
  /** One sentence with the figures, for people. */
  readonly summary: string;
  /** Whom a runbook may block; empty when there is nobody certain. */
  readonly targets: readonly Target[];
  /** False when a counted client address could be forged. */
  readonly clientIpCertain: boolean;
  /** Up to ten, the earliest first. */
  readonly evidence: readonly EvidenceEvent[];
  readonly endpointClass: EndpointClass | undefined;
  readonly route: string | undefined;
  /** The endpoint's owner: a team's name. */
  readonly owner: string | undefined;
  /** How sure the detector has been at most, in this episode. */
  readonly confidence: Confidence;
  /** How many times over its floor it was for that: 1 is just at it. */
  readonly strength: number;
  /** What it is a sign of: detectors of another signal that name the same target confirm it. */
  readonly signal: string;
  /** `dry-run`: shown, never blocked on. */
  readonly mode: "active" | "dry-run";
  /** `reduced` when a field that would make it surer is missing from the traffic. */
  readonly coverage: "full" | "reduced";
  /** True when it was judged long after its events (a backlog): shown, never blocked on. */
  readonly stale: boolean;
  /** The id of the eager detection of the same episode that this sealed one takes the place of. */
  readonly supersedes: string | undefined;
  /** `traffic`, or `service` when gatewatch reports on itself (a silent source, a muted detector). */
  readonly origin: "traffic" | "service" | "query";
}
