import { randomUUID } from "node:crypto";
import { ApiError } from "../api/api-error.ts";
import type { ForwardedAnswer, ForwardedRequest } from "../api/forwarding.ts";
import type { Clock } from "../clock.ts";
import { readCommand, writeAsk } from "./command-record.ts";
import type { CommandMetrics } from "./command-metrics.ts";
import type { CompactedRecord } from "./compacted-topic.ts";

/** A person waits for it. */
const answerWithinMs = 5_000;
/** Consoles and programs that may wait at a time. */
const maxWaiting = 200;

export interface CommandAskerOptions {
  /** Resolves when the record is in the topic. */
  readonly send: (key: string, value: string) => Promise<void>;
  readonly clock: Clock;
  readonly metrics: CommandMetrics;
}

interface Waiting {
  readonly resolve: (answer: ForwardedAnswer) => void;
  readonly reject: (error: ApiError) => void;
  readonly cancel: () => void;
}

/** Asks the instance that works, by the topic `commands`, and waits for its answer. */
export class CommandAsker {
  readonly #options: CommandAskerOptions;
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: CommandAskerOptions) {
    this.#options = options;
  }

  /** Rejects with an `ApiError`: `BUSY`, `NO_ANSWER` after 5 s, or `UNAVAILABLE` when the brokers don't take it. */
  async ask(request: ForwardedRequest): Promise<ForwardedAnswer> {
    const { send, clock, metrics } = this.#options;
    if (this.#waiting.size >= maxWaiting) {
      metrics.asked.inc({ result: "busy" });
      throw new ApiError("BUSY", "Too many requests wait for the instance that works.");
    }
    const id = randomUUID();
    const answered = new Promise<ForwardedAnswer>((resolve, reject) => {
      const cancel = clock.after(answerWithinMs, () => {
        this.#waiting.delete(id);
        metrics.asked.inc({ result: "no_answer" });
        reject(noAnswer());
      });
      this.#waiting.set(id, { resolve, reject, cancel });
    });
    send(id, writeAsk(id, clock.now() + answerWithinMs, request)).catch(() => {
      metrics.asked.inc({ result: "not_sent" });
      this.#end(id)?.reject(new ApiError("UNAVAILABLE", "The cluster's brokers do not take the request."));
    });
    const answer = await answered;
    metrics.asked.inc({ result: "answered" });
    return answer;
  }

  /** What came in the topic; answers to others are theirs. */
  take(records: readonly CompactedRecord[]): void {
    if (this.#waiting.size === 0) return;
    for (const { key, value } of records) {
      if (key === undefined || value === undefined || !this.#waiting.has(key)) continue;
      const record = readCommand(value.toString());
      if (record?.kind === "answer" && record.id === key) this.#end(key)?.resolve(record);
    }
  }

  #end(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.cancel();
    return waiting;
  }
}

// helpers

function noAnswer(): ApiError {
  return new ApiError("NO_ANSWER", "The instance that works did not answer within 5 s; it may still have done it.", {
    remedy: "Look whether it was done before you try again. If no instance is ready, none works.",
  });
}
