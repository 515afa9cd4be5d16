import type { Metrics } from "../metrics.ts";
import type { StoreConnection } from "./connections.ts";
import { questionProblem } from "./question-problem.ts";

/** Questions that may wait for a connection. */
const maxWaiting = 100;

/** Why a question got no answer. */
export type QuestionFailure = "busy" | "refused" | "failed" | "closed";

/** Thrown by `query` and `latest`; `reason` is for programs, the message for people. */
export class StoreQuestionError extends Error {
  readonly reason: QuestionFailure;

  constructor(reason: QuestionFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "StoreQuestionError";
    this.reason = reason;
  }
}

/** Hands questions to the reading connections, one at a time each, in the order they came. */
export class Reads {
  readonly #idle: StoreConnection[];
  readonly #waiting: ((connection: StoreConnection | undefined) => void)[] = [];
  readonly #running = new Set<Promise<unknown>>();
  readonly #failures;
  readonly #waitingGauge;
  #closed = false;

  constructor(connections: readonly StoreConnection[], metrics: Metrics) {
    this.#idle = [...connections];
    this.#failures = metrics.counter("gatewatch_store_question_failures_total", "Questions without an answer", [
      "reason",
    ]);
    this.#waitingGauge = metrics.gauge("gatewatch_store_questions_waiting", "Questions that wait for a connection");
  }

  async ask<Row>(sql: string, params: Readonly<Record<string, unknown>>): Promise<Row[]> {
    const problem = questionProblem(sql);
    if (problem) throw this.#failure("refused", problem);
    const connection = await this.#acquire();
    const answer = connection.query<Row>(sql, params);
    const settled = answer.then(
      () => this.#release(connection),
      () => this.#release(connection),
    );
    this.#running.add(settled);
    void settled.finally(() => this.#running.delete(settled));
    try {
      return await answer;
    } catch (cause) {
      throw this.#failure("failed", cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  /** Refuses those that wait; resolves when none runs. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const resume of this.#waiting.splice(0)) resume(undefined);
    await Promise.all(this.#running);
  }

  async #acquire(): Promise<StoreConnection> {
    if (this.#closed) throw this.#failure("closed", "the store is closed");
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#waiting.length >= maxWaiting) {
      throw this.#failure("busy", `${maxWaiting} questions already wait for the store; ask again later`);
    }
    const connection = await new Promise<StoreConnection | undefined>((resolve) => {
      this.#waiting.push(resolve);
      this.#waitingGauge.set(this.#waiting.length);
    });
    if (!connection) throw this.#failure("closed", "the store was closed before it could answer");
    return connection;
  }

  #release(connection: StoreConnection): void {
    const next = this.#waiting.shift();
    this.#waitingGauge.set(this.#waiting.length);
    if (next) next(connection);
    else this.#idle.push(connection);
  }

  #failure(reason: QuestionFailure, message: string, cause?: unknown): StoreQuestionError {
    this.#failures.inc({ reason });
    return new StoreQuestionError(reason, message, cause);
  }
}
