import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { fileSink } from "../../src/simulate/file-sink.ts";
import { httpSink } from "../../src/simulate/http-sink.ts";
import { paced } from "../../src/simulate/pace.ts";
import type { Sink } from "../../src/simulate/sink.ts";
import { outputSink } from "../../src/simulate/stream-sink.ts";
import type { SimulatedRecord } from "../../src/simulate/simulation.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { tempDirectory } from "../support/temp-directory.ts";
import { TestClock } from "../support/test-clock.ts";

const records = (...times: number[]): SimulatedRecord[] =>
  times.map((time) => ({ time, line: `line ${time}`, isShopEvent: false }));

describe("over HTTP", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  interface Answer {
    /** `none`: the connection is cut. */
    readonly status: number | "none";
    readonly retryAfter?: string;
    readonly body?: string;
  }

  async function listen(answers: readonly Answer[]) {
    server?.close();
    const bodies: string[] = [];
    const tokens: (string | undefined)[] = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { status, retryAfter, body } = answers[Math.min(bodies.length, answers.length - 1)]!;
        bodies.push(Buffer.concat(chunks).toString());
        tokens.push(request.headers.authorization);
        if (status === "none") request.socket.destroy();
        else response.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end(body);
      });
    });
    await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs?source=edge`;
    return { url, bodies, tokens };
  }

  const signal = new AbortController().signal;
  const sinkTo = (url: string, given: Partial<Parameters<typeof httpSink>[1]> = {}) =>
    httpSink(url, { fetch, clock: systemClock, token: undefined, signal, ...given });
  const written = async (sink: Sink, ...batches: SimulatedRecord[][]) => {
    try {
      for (const batch of batches) await sink.write(batch);
    } finally {
      await sink.close();
    }
  };

  test("lines are posted, and again when the service was full", async () => {
    const { url, bodies, tokens } = await listen([{ status: 429, retryAfter: "0" }, { status: 202 }]);
    await written(sinkTo(url, { token: "secret" }), records(1, 2));
    expect(bodies).toEqual(["line 1\nline 2\n", "line 1\nline 2\n"]);
    expect(tokens).toEqual(["Bearer secret", "Bearer secret"]);
  });

  test("what comes while a request is under way goes together, in order", async () => {
    const { url, bodies } = await listen([{ status: 202 }]);
    await written(sinkTo(url), records(1), records(2), records(3, 4));
    expect(bodies).toEqual(["line 1\n", "line 2\nline 3\nline 4\n"]);
  });

  test("whoever writes waits while the service takes no more", async () => {
    const { url, bodies } = await listen([{ status: 429, retryAfter: "3" }, { status: 202 }]);
    const clock = new TestClock(0);
    const sink = sinkTo(url, { clock });
    const many = records(...Array.from({ length: 4_095 }, (_, i) => i));
    await sink.write(records(-1));
    await sink.write(many);
    const state = { isWritten: false };
    const writing = sink.write(records(9_999)).then(() => (state.isWritten = true));
    await eventually("the first answer", () => bodies.length === 1);
    await clock.advance(2_999);
    expect(state.isWritten).toBe(false);
    await eventually("the rest to be taken", async () => {
      await clock.advance(1);
      return state.isWritten;
    });
    await writing;
    await sink.close();
    expect(
      bodies
        .join("")
        .split("\n")
        .filter((line) => line !== ""),
    ).toHaveLength(4_098);
  });

  test.for([
    [403, "", "answered 403.", "GATEWATCH_TOKEN"],
    [
      413,
      '{"error":{"code":"TOO_LARGE","message":"The body is too large."}}',
      "answered 413: The body is too large.",
      "",
    ],
    [202, '{"accepted":1,"rejected":1}', "refused 1 of 2 lines.", "source of type http"],
  ] as const)("an answer of %d %s", async ([status, body, message, remedy]) => {
    const { url } = await listen([{ status, body }]);
    const writing = written(sinkTo(url), records(1, 2));
    await expect(writing).rejects.toMatchObject({
      code: "COMMAND_FAILED",
      message: `${url} ${message}`,
      remedy: expect.stringContaining(remedy) as string,
    });
  });

  test("an answer that is no service's is taken by its status", async () => {
    const { url } = await listen([{ status: 200, body: "<html>" }]);
    await expect(written(sinkTo(url), records(1))).resolves.toBeUndefined();
  });

  test("a service that isn't there is an error at once, and nothing is sent after it", async () => {
    const url = `http://127.0.0.1:${await freePort()}/v1/logs`;
    const sink = sinkTo(url, { clock: new TestClock(0) });
    const error = { code: "COMMAND_FAILED", message: `${url} can't be reached (ECONNREFUSED).` };
    await expect(written(sink, records(1))).rejects.toMatchObject(error);
    await expect(sink.write(records(2))).rejects.toMatchObject(error);
  });

  test("one that was there is waited for, so long", async () => {
    const { url, bodies } = await listen([{ status: 202 }, { status: "none" }, { status: 202 }]);
    const clock = new TestClock(0);
    const writing = written(sinkTo(url, { clock }), records(1), records(2));
    await eventually("three requests", async () => {
      await clock.advance(1_000);
      return bodies.length === 3;
    });
    await writing;
    expect(bodies).toEqual(["line 1\n", "line 2\n", "line 2\n"]);

    const away = await listen([{ status: 202 }, { status: "none" }]);
    const failing = written(sinkTo(away.url, { clock }), records(1), records(2)).catch((error: unknown) => error);
    await eventually("the last try", async () => {
      await clock.advance(1_000);
      return away.bodies.length === 21;
    });
    expect(await failing).toMatchObject({ message: expect.stringContaining("can't be reached") as string });
  });

  test("whoever ends it does not wait for a service that is full", async () => {
    const { url, bodies } = await listen([{ status: 429, retryAfter: "30" }]);
    const stop = new AbortController();
    const writing = written(sinkTo(url, { clock: new TestClock(0), signal: stop.signal }), records(1));
    await eventually("a request", () => bodies.length === 1);
    stop.abort();
    await expect(writing).rejects.toMatchObject({ message: `${url} answered 429.` });
  });
});

describe("to a file", () => {
  test("lines of many sizes are there whole, in order", async () => {
    const path = join(tempDirectory(), "shop.log");
    const sink = await fileSink(path);
    const expected: string[] = [];
    for (let batch = 0; batch < 60; batch++) {
      const some = records(...Array.from({ length: 256 }, (_, i) => batch * 256 + i)).map((record) => ({
        ...record,
        line: `${record.line} ${"x".repeat((record.time * 7) % 400)}`,
      }));
      await sink.write(some);
      expected.push(...some.map(({ line }) => line));
    }
    await sink.close();
    const text = readFileSync(path, "latin1");
    expect(text.length).toBeGreaterThan(3 * 1024 ** 2);
    expect(text === `${expected.join("\n")}\n`).toBe(true);
  });

  test("a few lines are seen at once", async () => {
    const path = join(tempDirectory(), "shop.log");
    const sink = await fileSink(path);
    await sink.write(records(1));
    await eventually("the line", () => readFileSync(path, "utf8") === "line 1\n");
    await sink.close();
  });

  test("says when it can't be written", async () => {
    await expect(fileSink("/no/such/folder/x")).rejects.toMatchObject({ code: "COMMAND_FAILED" });
    const full = await fileSink("/dev/full");
    await full.write(records(1));
    await expect(full.close()).rejects.toMatchObject({ message: "/dev/full can't be written (ENOSPC)." });
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
