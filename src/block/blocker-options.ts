import type { Clock } from "../clock.ts";
import type { IncidentEvent } from "../incident/incident.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Store } from "../store/store.ts";
import type { BlockConfig } from "./block-config.ts";
import type { GeoLookup } from "./check.ts";
import type { Decision, Enforcer, TrafficFacts } from "./decision.ts";
import type { ListedNetwork } from "./network-list.ts";

/** What blocking is made of; `app.ts` puts it together. */
export interface BlockerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly facts: TrafficFacts;
  readonly config: BlockConfig;
  /** Our own hops and gateways, as addresses and ranges: their headers are believed, and they are never blocked. */
  readonly proxies: readonly ListedNetwork[];
  /** Networks of CDNs and clouds that are known: no block of them without a person. */
  readonly providers?: readonly ListedNetwork[];
  /** The headers a gateway names user and key in on `/v1/check`; lower case. */
  readonly check: { readonly userHeader: string; readonly keyHeader: string };
  /** Puts a line on an incident's timeline; called after the decision is saved. */
  readonly timeline: (line: IncidentEvent) => Promise<void> | void;
  /** Told of each version of a decision once it is in force. */
  readonly onDecision?: (decision: Decision) => void;
  /** Gateways that decisions are pushed to. */
  readonly enforcers: readonly Enforcer[];
  /** A gateway can't be told (why), or can again (`undefined`). */
  readonly onTrouble: (gateway: string, text: string | undefined) => void;
  /** `stop-blocking` in the data directory. */
  readonly stopFile: string;
  readonly geo?: GeoLookup;
  /** Turns a user id into what events carry, where they are stored as keyed hashes. */
  readonly pseudonym?: (userId: string) => string;
  /** Turns an API key into what events carry: keys that could be used are stored as hashes. */
  readonly credential?: (apiKey: string) => string;
  readonly uuid?: () => string;
}

/** What an operator wants to know at a glance. */
export interface BlockStatus {
  readonly mode: BlockConfig["mode"];
  /** `stop-blocking` holds: nobody is blocked. */
  readonly stopped: boolean;
  readonly active: number;
  readonly asked: number;
  readonly dryRun: number;
  readonly gateways: readonly { readonly name: string; readonly behind: number; readonly failing: boolean }[];
}
