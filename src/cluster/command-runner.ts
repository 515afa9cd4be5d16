import type { ForwardedAnswer, ForwardedRequest } from "../api/forwarding.ts";
import { type Clock, sleep } from "../clock.ts";
import type { Log } from "../log.ts";
import { errorText } from "../source/kafka-client.ts";
import { type AskRecord, maxAnswerBytes, readCommand, writeAnswer, writeTaken } from "./command-record.ts";
import type { CommandMetrics } from "./command-metrics.ts";
import type { Committer } from "./commit.ts";
import type { CompactedRecord } from "./compacted-topic.ts";
import { Fenced } from "./transactional-producer.ts";

/** So many at a time; the next wait. */
const maxRunning = 8;
/** More that wait than this are not run: nobody would wait that long. */
const maxOpen = 1_000;
/** Ids that were taken or answered, remembered so that none runs twice; the oldest are forgotten, long after they expired. */
const maxKnown = 10_000;
const retryMs = 200;

export interface CommandRunnerOptions {
  /** A new one each time: one that failed writes nothing more. Its opening fences whoever ran commands before. */
  readonly committer: () => Committer;
  readonly topic: string;
  /** Runs it on the API here. */
  readonly run: (request: ForwardedRequest) => Promise<ForwardedAnswer>;
  readonly mayAct: () => Promise<boolean>;
  readonly onFenced: (error: Error) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: CommandMetrics;
}

/**
 * Runs what was asked of other instances, each id at most once: before it runs anything that changes
 * something, it writes that it has taken it; whoever works after it finds that, and answers that nobody
 * knows what became of it. What only reads is run without.
 */
export class CommandRunner {
  readonly #options: CommandRunnerOptions;
  readonly #open = new Map<string, AskRecord>();
  readonly #known = new Map<string, "taken" | "done">();
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #committer: Promise<Committer> | undefined;
  #isCaughtUp = false;

  constructor(options: CommandRunnerOptions) {
    this.#options = options;
  }

  /** Fences whoever ran commands before. The topic is to be read after this, from a minute ago on. */
  async start(): Promise<void> {
    await this.#writer();
  }

  take(records: readonly CompactedRecord[]): void {
    for (const { value } of records) {
      const record = value === undefined ? undefined : readCommand(value.toString());
      if (record === undefined) this.#options.metrics.run.inc({ result: "unreadable" });
      else if (record.kind === "ask") this.#asked(record);
      else this.#note(record.id, record.kind === "taken" ? "taken" : "done");
    }
    if (this.#isCaughtUp) this.#next();
  }

  /** From here on nothing that was asked can have been taken already. */
  caughtUp(): void {
    this.#isCaughtUp = true;
    this.#next();
  }

  /** Begins nothing more. Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#running);
    await (await this.#committer?.catch(() => undefined))?.close();
  }

  #asked(ask: AskRecord): void {
    if (this.#known.get(ask.id) === "done" || this.#open.has(ask.id)) return;
    if (this.#isCaughtUp && this.#known.has(ask.id)) return;
    if (this.#open.size < maxOpen) this.#open.set(ask.id, ask);
    else this.#options.metrics.run.inc({ result: "busy" });
  }

  #note(id: string, what: "taken" | "done"): void {
    if (this.#known.get(id) === "done") return;
    this.#known.set(id, what);
    if (what === "done") this.#open.delete(id);
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }

  #next(): void {
    for (const [id, ask] of this.#open) {
      if (this.#running.size >= maxRunning || this.#stopped.signal.aborted) return;
      this.#open.delete(id);
      const done = this.#one(ask).finally(() => {
        this.#running.delete(done);
        this.#next();
      });
      this.#running.add(done);
    }
  }

  async #one(ask: AskRecord): Promise<void> {
    const { clock, metrics, run, mayAct, log } = this.#options;
    if (clock.now() > ask.expires) {
      metrics.run.inc({ result: "late" });
      return;
    }
    if (!(await mayAct())) return;
    try {
      const isTaken = this.#known.has(ask.id);
      const changes = ask.method !== "GET" && ask.method !== "HEAD";
      // While it is noted, it is not begun again either.
      this.#note(ask.id, "taken");
      if (changes && !isTaken) await this.#write(ask.id, writeTaken(ask.id));
      const { method, url, body, caller } = ask;
      const answer = isTaken ? unknownEnd : bounded(await run({ method, url, body, caller }));
      this.#note(ask.id, "done");
      metrics.run.inc({ result: isTaken ? "taken_before" : "run" });
      await this.#write(ask.id, writeAnswer(ask.id, answer));
    } catch (error) {
      metrics.run.inc({ result: "failed" });
      if (error instanceof Fenced) this.#options.onFenced(error);
      else log.warn({ error: errorText(error) }, "what another instance was asked could not be answered");
    }
  }

  async #write(id: string, value: string): Promise<void> {
    const { topic } = this.#options;
    const committer = await this.#writer();
    try {
      await committer.commit({ messages: [{ topic, partition: 0, key: id, value }] });
    } catch (error) {
      if (!(error instanceof Fenced)) this.#committer = undefined;
      throw error;
    }
  }

  /** Opened again after a failure, and not too often. */
  #writer(): Promise<Committer> {
    this.#committer ??= (async () => {
      const committer = this.#options.committer();
      try {
        if (!(await this.#options.mayAct())) throw new Error("another instance works");
        await committer.open();
        return committer;
      } catch (error) {
        await committer.close().catch(() => {});
        await sleep(this.#options.clock, retryMs, this.#stopped.signal);
        this.#committer = undefined;
        throw error;
      }
    })();
    return this.#committer;
  }
}

// helpers

function bounded(answer: ForwardedAnswer): ForwardedAnswer {
  // As it is in the record, in which quotes and other characters take more.
  if (Buffer.byteLength(JSON.stringify(answer.body)) <= maxAnswerBytes) return answer;
  return problem("TOO_LARGE", "The answer is too large to be handed on; ask the instance that is ready, or for less at a time.", 413); // prettier-ignore
}

function problem(code: string, message: string, status: number): ForwardedAnswer {
  return { status, type: "application/json; charset=utf-8", body: JSON.stringify({ error: { code, message } }) };
}

const unknownEnd = problem(
  "NO_ANSWER",
  "The instance that had begun this stopped before it answered; look whether it was done before you try again.",
  504,
);
