import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { httpSink } from "../../src/simulate/http-sink.ts";
import { paced } from "../../src/simulate/pace.ts";
import { outputSink } from "../../src/simulate/stream-sink.ts";
import type { SimulatedRecord } from "../../src/simulate/simulation.ts";
import { TestClock } from "../support/test-clock.ts";

const records = (...times: number[]): SimulatedRecord[] =>
  times.map((time) => ({ time, line: `line ${time}`, isShopEvent: false }));

describe("over HTTP", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function listen(answers: readonly { status: number; retryAfter?: string }[]) {
    const bodies: string[] = [];
    const tokens: (string | undefined)[] = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { status, retryAfter } = answers[Math.min(bodies.length, answers.length - 1)]!;
        bodies.push(Buffer.concat(chunks).toString());
        tokens.push(request.headers.authorization);
        response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end();
      });
    });
    await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs?source=edge`;
    return { url, bodies, tokens };
  }

  test("lines are posted, and again when the service was full", async () => {
    const { url, bodies, tokens } = await listen([{ status: 429, retryAfter: "0" }, { status: 202 }]);
    const sink = httpSink(url, { fetch, clock: systemClock, token: "secret" });
    await sink.write(records(1, 2));
    await sink.close();
    expect(bodies).toEqual(["line 1\nline 2\n", "line 1\nline 2\n"]);
    expect(tokens).toEqual(["Bearer secret", "Bearer secret"]);
  });

  test("what the service refuses is an error that says how to mend it", async () => {
    const { url } = await listen([{ status: 403 }]);
    const sink = httpSink(url, { fetch, clock: systemClock, token: undefined });
    await expect(sink.write(records(1))).rejects.toMatchObject({
      code: "COMMAND_FAILED",
      message: `${url} answered 403.`,
      remedy: expect.stringContaining("GATEWATCH_TOKEN") as string,
    });
  });

  test("a service that isn't there is an error", async () => {
    const sink = httpSink("http://127.0.0.1:1/v1/logs", { fetch, clock: systemClock, token: undefined });
    await expect(sink.write(records(1))).rejects.toMatchObject({ code: "COMMAND_FAILED" });
  });
});

describe("to a stream", () => {
  test("waits for a reader that is slower", async () => {
    const stream = new PassThrough({ highWaterMark: 16 });
    const sink = outputSink(stream);
    const state = { isWritten: false };
    const writing = sink.write(records(1, 2, 3)).then(() => (state.isWritten = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(state.isWritten).toBe(false);
    expect((stream.read() as Buffer).toString()).toBe("line 1\nline 2\nline 3\n");
    await writing;
    expect(state.isWritten).toBe(true);
  });

  test("says when it can't be written", async () => {
    const stream = new PassThrough();
    const sink = outputSink(stream);
    stream.destroy(Object.assign(new Error("full"), { code: "ENOSPC" }));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(sink.write(records(1))).rejects.toMatchObject({
      message: "standard output can't be written (ENOSPC).",
    });
  });
});

describe("paced", () => {
  async function run(times: number) {
    const clock = new TestClock(0);
    const stop = new AbortController();
    const sent: { at: number; times: number[] }[] = [];
    const batches = [records(1_000, 1_050, 1_900), records(3_000)];
    const done = (async () => {
      for await (const some of paced(batches, { start: 1_000, times, clock, signal: stop.signal })) {
        sent.push({ at: clock.monotonic(), times: some.map(({ time }) => time) });
      }
    })();
    return { clock, stop, sent, done };
  }

  test("no line goes out before it is due, and those of a tenth of a second go together", async () => {
    const { clock, sent, done } = await run(1);
    for (let i = 0; i < 50; i++) await clock.advance(50);
    await done;
    expect(sent.map(({ times }) => times)).toEqual([[1_000], [1_050], [1_900], [3_000]]);
    for (const { at, times } of sent) {
      expect(at).toBeGreaterThanOrEqual(times.at(-1)! - 1_000);
      expect(at).toBeLessThanOrEqual(times[0]! - 1_000 + 100);
    }
  });

  test("faster than time, and ended early", async () => {
    const { clock, stop, sent, done } = await run(10);
    await clock.advance(100);
    stop.abort();
    await clock.advance(100);
    await done;
    expect(sent.flatMap(({ times }) => times)).toEqual([1_000, 1_050, 1_900]);
  });
});
