import type { Decision } from "../block/decision.ts";
import { type DecisionLedger, isServed } from "../block/ledger.ts";
import { targetKey } from "../block/target.ts";
import { type Clock, sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import { errorText } from "../source/kafka-client.ts";
import type { Committer, OutgoingRecord } from "./commit.ts";
import {
  readDecisions,
  readServing,
  readTarget,
  type Serving,
  servingKey,
  writeDecisions,
  writeServing,
} from "./decision-record.ts";
import type { DecisionsMetrics } from "./decisions-metrics.ts";
import { Fenced } from "./transactional-producer.ts";

/** What one commit takes at most: a few hundred KiB, so that the first of many is served soon. */
const maxRecords = 1_000;
/** How often it is looked for decisions that were lifted and would have ended by now: gates need to know no longer. */
const sweepMs = 10_000;
const firstWaitMs = 100;
const longestWaitMs = 2_000;

export interface DecisionsPublisherOptions {
  readonly ledger: DecisionLedger;
  readonly topic: string;
  /** Where this instance can be reached by people. */
  readonly leader: string;
  /** A new one each time: one that failed writes nothing more. Its opening fences whoever published before. */
  readonly committer: () => Committer;
  /** All that is in the topic: the newest value of each key, without tombstones. */
  readonly read: () => Promise<ReadonlyMap<string, string>>;
  /** Resolves once it is certain whether we still lead; asked before each opening and each commit. */
  readonly mayAct: () => Promise<boolean>;
  /** Somebody else publishes now, and nothing more is published here. */
  readonly onFenced: (error: Error) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: DecisionsMetrics;
}

/**
 * Keeps the topic `decisions` as the ledger is: one record for each target that gateways must know of. It
 * keeps no queue but the set of targets that may differ; all that came while a commit was under way goes
 * with the next one. Whoever lost the lead can't publish: its committer is fenced.
 */
export class DecisionsPublisher {
  readonly #options: DecisionsPublisherOptions;
  /** What the topic says of each key, in short. */
  readonly #published = new Map<string, Said>();
  readonly #dirty = new Set<string>();
  readonly #stopped = new AbortController();
  readonly #unsubscribe: () => void;
  readonly #timers: (() => void)[] = [];
  #committer: Committer | undefined;
  #wasServing: boolean;
  #running: Promise<void> | undefined;
  readonly #ready = Promise.withResolvers<void>();

  constructor(options: DecisionsPublisherOptions) {
    this.#options = options;
    this.#wasServing = options.ledger.serving;
    this.#unsubscribe = options.ledger.onChange((change) => {
      if (options.ledger.serving !== this.#wasServing) this.#noteAll();
      else for (const decision of [...change.added, ...change.ended]) this.#dirty.add(targetKey(decision));
      this.#run();
    });
  }

  /** To be called on becoming active, once the ledger is loaded. Resolves when the topic is as the ledger was then. */
  start(): Promise<void> {
    this.#timers.push(this.#options.clock.every(sweepMs, () => this.#sweep()));
    this.#noteAll();
    this.#run();
    return this.#ready.promise;
  }

  /** Targets that gates have not been told of. */
  get behind(): number {
    return this.#dirty.size;
  }

  /** Publishes nothing more. Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    for (const cancel of this.#timers.splice(0)) cancel();
    this.#stopped.abort();
    await this.#running;
    await this.#committer?.close();
    this.#ready.resolve();
  }

  /** All that the ledger has, and all that the topic has. */
  #noteAll(): void {
    const { ledger } = this.#options;
    this.#wasServing = ledger.serving;
    for (const decision of ledger.current()) if (isServed(decision)) this.#dirty.add(targetKey(decision));
    for (const key of this.#published.keys()) this.#dirty.add(key);
    this.#dirty.add(servingKey);
  }

  #sweep(): void {
    const now = this.#options.clock.now();
    for (const [key, { nextEnd }] of this.#published) if (nextEnd <= now) this.#dirty.add(key);
    this.#run();
  }

  #run(): void {
    if (this.#running || this.#stopped.signal.aborted || this.#timers.length === 0 || this.#dirty.size === 0) return;
    this.#running = this.#publish().finally(() => {
      this.#running = undefined;
      this.#run();
    });
  }

  async #publish(): Promise<void> {
    const { clock, log, metrics, mayAct } = this.#options;
    const { signal } = this.#stopped;
    // What came in one go, from one change of the ledger after the other, goes in one commit.
    await Promise.resolve();
    for (let waitMs = firstWaitMs; this.#dirty.size > 0 && !signal.aborted;) {
      if (!(await mayAct())) return this.#stopped.abort();
      try {
        await this.#open();
        await this.#commit();
        waitMs = firstWaitMs;
      } catch (error) {
        if (error instanceof Fenced) {
          this.#stopped.abort();
          return this.#options.onFenced(error);
        }
        metrics.published.inc({ result: "failed" });
        log.warn({ error: errorText(error) }, "gates can't be told of decisions");
        await this.#committer?.close().catch(() => {});
        this.#committer = undefined;
        await sleep(clock, waitMs, signal);
        waitMs = Math.min(waitMs * 2, longestWaitMs);
      }
      metrics.behind.set(this.#dirty.size);
    }
    if (this.#dirty.size === 0) this.#ready.resolve();
  }

  /** Fences whoever published before, then learns what they said. */
  async #open(): Promise<void> {
    if (this.#committer) return;
    const committer = this.#options.committer();
    try {
      await committer.open();
      const there = await this.#options.read();
      this.#published.clear();
      for (const [key, text] of there) this.#published.set(key, this.#saidIn(key, text));
    } catch (error) {
      await committer.close().catch(() => {});
      throw error;
    }
    this.#committer = committer;
    this.#noteAll();
  }

  async #commit(): Promise<void> {
    const { topic, clock, metrics } = this.#options;
    const keys = [...this.#dirty].slice(0, maxRecords);
    for (const key of keys) this.#dirty.delete(key);
    const messages: OutgoingRecord[] = [];
    const says = new Map<string, Said>();
    for (const key of keys) {
      const [said, value] = this.#toSay(key);
      if ((this.#published.get(key)?.text ?? "") === said.text) continue;
      messages.push({ topic, partition: 0, key, value });
      says.set(key, said);
    }
    if (messages.length === 0) return;
    const began = clock.monotonic();
    try {
      await this.#committer!.commit({ messages });
    } catch (error) {
      for (const key of keys) this.#dirty.add(key);
      throw error;
    }
    for (const [key, said] of says) {
      if (said.text === "") this.#published.delete(key);
      else this.#published.set(key, said);
    }
    metrics.published.inc({ result: "ok" }, messages.length);
    metrics.seconds.observe((clock.monotonic() - began) / 1000);
  }

  /** What the topic should say of a key, in short and as its value; `null`: nothing. */
  #toSay(key: string): [Said, string | null] {
    const { ledger, clock } = this.#options;
    if (key === servingKey) {
      const said = { serving: ledger.serving, leader: this.#options.leader };
      return [servingSaid(said), writeServing(said)];
    }
    const target = readTarget(key);
    const now = clock.now();
    const told = target ? ledger.onTarget(target).filter((decision) => isToldOf(decision, now)) : [];
    return told.length === 0 ? [nothing, null] : [saidOf(told), writeDecisions(told)];
  }

  #saidIn(key: string, text: string): Said {
    if (key === servingKey) return servingSaid(readServing(text));
    const decisions = readDecisions(key, text);
    // What can't be read is none of ours, or from another version: it is said anew, or buried.
    return decisions ? saidOf(decisions) : { text: "?", nextEnd: Infinity };
  }
}

// helpers

/** What was said of a target, short enough to keep for each: ids with their versions. */
interface Said {
  /** Empty: nothing. */
  readonly text: string;
  /** When something of it ends, epoch ms. */
  readonly nextEnd: number;
}

const nothing: Said = { text: "", nextEnd: Infinity };

function servingSaid(said: Serving | undefined): Said {
  return { text: `serving ${said?.serving} ${said?.leader}`, nextEnd: Infinity };
}

function saidOf(decisions: readonly Decision[]): Said {
  return {
    text: decisions.map(({ uuid, version }) => `${uuid}.${version}`).join(" "),
    nextEnd: Math.min(...decisions.map(({ until }) => until)),
  };
}

/** Those that hold, and those that were lifted before their time, which gateways may still hold. */
function isToldOf(decision: Decision, now: number): boolean {
  const wasServed = decision.state === "lifted" && decision.servedAt !== undefined;
  return decision.until > now && (isServed(decision) || wasServed);
}
