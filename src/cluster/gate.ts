import type { Kafka } from "kafkajs";
import { AllowList } from "../block/allow-list.ts";
import type { BlockConfig } from "../block/block-config.ts";
import { type CheckAnswer, type CheckOptions, type CheckRequest, createCheck } from "../block/check.ts";
import { DecisionLedger } from "../block/ledger.ts";
import { type ListedNetwork, NetworkList } from "../block/network-list.ts";
import { StopSwitch } from "../block/stop-switch.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { CompactedTopic } from "./compacted-topic.ts";
import { DecisionSet } from "./decision-set.ts";
import { gateMetrics } from "./gate-metrics.ts";

const expireMs = 1_000;

export interface GateOptions extends Pick<CheckOptions, "geo" | "pseudonym" | "credential"> {
  readonly client: Kafka;
  /** The topic of decisions. */
  readonly topic: string;
  readonly config: BlockConfig;
  /** The headers a gateway names user and key in; lower case. */
  readonly check: CheckOptions["names"];
  /** Our own hops and gateways: their headers are believed. */
  readonly proxies: readonly ListedNetwork[];
  /** `stop-blocking` in the data directory. */
  readonly stopFile: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Answers gateways from the topic `decisions` alone. Without Kafka it goes on with what it knows, and
 * decisions end by the clock. Nobody is blocked unless the configuration here says `enforce`, no file
 * `stop-blocking` is here, and whoever acts says that blocking is on.
 */
export class Gate {
  readonly ledger: DecisionLedger;
  readonly #options: GateOptions;
  readonly #own: NetworkList;
  readonly #set: DecisionSet;
  readonly #topic: CompactedTopic;
  readonly #stopSwitch: StopSwitch;
  readonly #answer: (request: CheckRequest) => CheckAnswer;
  #config: BlockConfig;
  #allow: AllowList;
  #leaderServes = true;
  #leader: string | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: GateOptions) {
    const { client, topic, clock, log, config } = options;
    const metrics = gateMetrics(options.metrics);
    this.#options = options;
    this.#config = config;
    this.#allow = this.#allowList();
    this.#own = new NetworkList(options.proxies);
    this.ledger = new DecisionLedger({ clock });
    this.ledger.setServing(false);
    const ledger = this.ledger;
    const allow = () => this.#allow;
    this.#set = new DecisionSet({
      ...{ ledger, clock, allow, metrics },
      onServing: ({ serving, leader }) => {
        this.#leaderServes = serving;
        this.#leader = leader;
        this.#serve();
      },
    });
    this.#topic = new CompactedTopic({
      ...{ client, topic, clock, log },
      onRecords: (records) => this.#set.take(records),
      onReset: () => this.#set.reset(),
      onCaughtUp: () => {
        this.#set.caughtUp();
        this.#serve();
        metrics.caughtUp.set(1);
        metrics.connected.set(1);
        log.info({ targets: this.#set.size }, "all decisions are known");
      },
      onTrouble: (reason) => {
        metrics.connected.set(reason === undefined ? 1 : 0);
        if (reason === undefined) log.info("decisions are read again");
        else log.warn({ reason }, "decisions can't be read; those that are known stay in force until they end");
      },
    });
    this.#stopSwitch = new StopSwitch({
      file: options.stopFile,
      clock,
      onChange: (stopped) => {
        log.warn({ stopped }, stopped ? "blocking is stopped: everyone is let in" : "blocking is taken up again");
        metrics.stopped.set(stopped ? 1 : 0);
        this.#serve();
      },
    });
    const { geo, pseudonym, credential, check: names } = options;
    this.#answer = createCheck({
      ...{ clock, ledger, trusted: this.#own, allow, names, metrics },
      ...(geo && { geo }),
      ...(pseudonym && { pseudonym }),
      ...(credential && { credential }),
    });
  }

  /** Resolves once all decisions are known. */
  get caughtUp(): Promise<void> {
    return this.#topic.caughtUp;
  }

  /** Where whoever acts can be reached by people, as they said last. */
  get leader(): string | undefined {
    return this.#leader;
  }

  /** Whoever acts measures its own ledger: this one's would be the same figures again. */
  leaveMeasuring(): void {
    this.#set.leaveMeasuring();
  }

  /** Blocking can be stopped from the first moment. */
  start(): void {
    this.#stopSwitch.start();
    this.#serve();
    this.#cancel ??= this.#options.clock.every(expireMs, () => this.#set.expire());
    this.#topic.start();
  }

  /** `GET /v1/check`. Never waits, never throws. */
  check(request: CheckRequest): CheckAnswer {
    return this.#answer(request);
  }

  /** Why it can't answer yet. That Kafka is away later is no reason: it goes on with what it knows. */
  notReady(): readonly string[] {
    return this.#set.wasCaughtUp ? [] : ["decisions are being read"];
  }

  /** Takes a new configuration; whoever is now allow-listed is let in at once. */
  update(config: BlockConfig): void {
    this.#config = config;
    this.#allow = this.#allowList();
    this.#set.allowChanged();
    this.#serve();
  }

  /** Other proxies from now on. */
  trust(proxies: readonly ListedNetwork[]): void {
    this.#own.replace(proxies);
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#stopSwitch.close();
    await this.#topic.stop();
  }

  #serve(): void {
    // Whether blocking is on may be the last thing that is read.
    const isWanted = this.#config.mode === "enforce" && !this.#stopSwitch.stopped;
    this.ledger.setServing(isWanted && this.#leaderServes && this.#set.wasCaughtUp);
    this.#set.measure();
  }

  #allowList(): AllowList {
    const { geo } = this.#options;
    return new AllowList(this.#config.allow, geo && ((address) => geo(address)?.asn));
  }
}
