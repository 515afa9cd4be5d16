import type { Target } from "../detect/detection.ts";

export type Action = "ban" | "throttle" | "captcha";

/** What should happen to a target until a time. */
export interface Decision extends Target {
  /** Counts up in one deployment; CrowdSec's protocol wants a number. */
  readonly id: number;
  /** Also the reference a refused customer is shown. */
  readonly uuid: string;
  readonly version: number;
  readonly action: Action;
  readonly createdAt: number;
  readonly until: number;
  /** `runbook`, or `manual` when a person did it. */
  readonly origin: "runbook" | "manual";
  readonly incident: string | undefined;
  readonly detection: string | undefined;
  /** The detector that found it; absent when a person decided. */
  readonly detector?: string;
  /** When the first event of what it is for was, epoch ms. */
  readonly firstSeen?: number;
  readonly runbook: string | undefined;
  readonly reason: string;
  /** True: listed with whom it would have hit, and served to nobody. */
  readonly dryRun: boolean;
  /** How many earlier decisions on this target within a day lengthened this one. */
  readonly repeat: number;
  /** `asked`: the guard wants a person to confirm it; `refused`: the guard said no. Both are served to nobody. */
  readonly state: "active" | "asked" | "refused" | "lifted" | "expired";
  /** What each rule of the guard said. */
  readonly verdicts: readonly Verdict[];
  readonly liftedBy: string | undefined;
  readonly liftedAt: number | undefined;
  /** Since when gateways are told of it; absent for a dry run, and while it waits for a person. */
  readonly servedAt?: number;
  /** Why it was lifted. */
  readonly liftReason?: string;
  /** Of a dry run: whom it would have hit so far. */
  readonly wouldHaveHit?: WouldHaveHit;
}

/** The requests a dry-run decision would have refused, as seen in the log. */
export interface WouldHaveHit {
  readonly requests: number;
  /** Of those, the ones that succeeded: customers, perhaps. */
  readonly succeeded: number;
  /** Of these, sign-ins, and steps of a purchase (checkout, payment). */
  readonly signedIn: number;
  readonly bought: number;
  /** The first ten users among them, and how many there are: exact up to ten, then estimated. */
  readonly users: readonly string[];
  readonly userCount: number;
}

/** What one rule of the guard said, with its reason. */
export interface Verdict {
  readonly rule: string;
  readonly says: "yes" | "no" | "ask" | "softer";
  readonly reason: string;
}

/** What the guard has to know of the traffic. `undefined`: can't be told, and is never a yes. */
export interface TrafficFacts {
  /** Users who signed in or acted successfully from this client within a day; distinct, estimated. */
  successfulUsers(clientKey: string): number | undefined;
  /** Whether this client had a success before `time`. */
  succeededBefore(clientKey: string, time: number): boolean | undefined;
  /** Distinct clients of the last ten minutes, estimated. */
  activeClients(): number | undefined;
  /**
   * The whole site's failed share of logins: the last five minutes, and the hour before (0 where
   * there was no traffic yet). `attempts` and `failedClients` (distinct clients whose login failed;
   * left out where it isn't counted) are of the last five minutes. `undefined` only where the log
   * doesn't tell how a login ended.
   */
  loginFailedShare():
    | { readonly now: number; readonly before: number; readonly attempts: number; readonly failedClients?: number }
    | undefined;
  /**
   * Why no client's address can be believed right now, if that is so: most users come from a single
   * one, which is most likely a proxy of ours that nobody named.
   */
  proxyTrust(): { readonly address: string; readonly reason: string } | undefined;
  /** Successful checkouts a minute: the last two minutes, and the hour before. */
  checkoutRate(): { readonly now: number; readonly before: number } | undefined;
}

/** What one gateway is told at a time. */
export interface EnforcerChange {
  readonly added: readonly Decision[];
  readonly ended: readonly Decision[];
  /** Since when decisions are served, epoch ms. Another one: all was withdrawn in between, and is told anew. */
  readonly servingSince: number;
}

/** Carries decisions to one kind of gateway. The ledger's set is the truth; this makes a gateway follow it. */
export interface Enforcer {
  readonly name: string;
  readonly type: string;
  /** New or changed decisions, and those that ended; retried by the harness until it resolves. */
  apply(change: EnforcerChange, signal: AbortSignal): Promise<void>;
  close?(): Promise<void>;
}
