import { EventEmitter } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import type { RunningService } from "../../src/cli/cli-context.ts";
import { GatewatchError } from "../../src/errors.ts";
import { testCliContext } from "../support/cli-context.ts";
import { tempDirectory } from "../support/temp-directory.ts";
import { TestClock } from "../support/test-clock.ts";

describe("stopping", () => {
  test.for(["SIGINT", "SIGTERM"] as const)("%s drains, once", async (signal) => {
    const { signals, service, code } = await running();
    signals.emit(signal);
    await service.stopCalled;
    service.stopped();
    expect(await code).toBe(0);
    expect(service.reasons).toEqual([signal]);
  });

  test("a second signal ends the process at once", async () => {
    const { clock, signals, service, code, exits } = await running();
    signals.emit("SIGTERM");
    await clock.advance(1_500);
    signals.emit("SIGTERM");
    signals.emit("SIGINT");
    expect(exits).toEqual([143, 130]);
    service.stopped();
    await code;
    expect(service.reasons).toEqual(["SIGTERM"]);
  });

  test("one Ctrl-C that arrives three times is one", async () => {
    const { clock, signals, service, code, exits } = await running();
    signals.emit("SIGINT");
    signals.emit("SIGINT");
    await clock.advance(900);
    signals.emit("SIGTERM");
    expect(exits).toEqual([]);
    service.stopped();
    expect(await code).toBe(0);
  });

  test("at the deadline it is given up, with exit code 1", async () => {
    const { clock, signals, service, code, logged } = await running();
    signals.emit("SIGTERM");
    await service.stopCalled;
    await clock.advance(10_000);
    expect(await code).toBe(1);
    expect(logged).toMatchObject([{ reason: "SIGTERM", deadlineMs: 10_000 }]);
  });

  test("a service that has read everything ends by itself", async () => {
    const { service, code } = await running();
    service.end();
    service.stopped();
    expect(await code).toBe(0);
    expect(service.reasons).toEqual(["ended"]);
  });

  test("a service that fails is drained, and its error is told", async () => {
    const { service, code, printed } = await running();
    service.fail(new GatewatchError("SOURCE_FAILED", "The topic is gone."));
    service.stopped();
    expect(await code).toBe(4);
    expect(service.reasons).toEqual(["failed"]);
    expect(printed.stderr).toContain("The topic is gone. [SOURCE_FAILED]");
  });

  test("one that leads no more is stopped, and started anew", async () => {
    const [first, second] = [new FakeService(), new FakeService()];
    const lost = Promise.withResolvers<string>();
    const starts = [{ ...bound(first), lost: lost.promise }, bound(second)];
    const { signals, code } = await running({ startApp: () => Promise.resolve(starts.shift()!) });
    lost.resolve("another instance leads");
    await first.stopCalled;
    expect(first.reasons).toEqual(["another instance leads"]);
    first.stopped();
    await new Promise((resolve) => setImmediate(resolve));
    signals.emit("SIGTERM");
    await second.stopCalled;
    second.stopped();
    expect(await code).toBe(0);
    expect(starts).toEqual([]);
  });

  test("one that leads no more and can't be stopped ends, so that it is started as a process", async () => {
    const first = new FakeService();
    const starts = [{ ...bound(first), lost: Promise.resolve("another instance leads") }];
    const { clock, code } = await running({ startApp: () => Promise.resolve(starts.shift()!) });
    await first.stopCalled;
    await clock.advance(10_000);
    expect(await code).toBe(1);
  });

  test("a start that waits for something can be stopped", async () => {
    const { clock, signals, code } = await running({ startApp: () => new Promise(() => {}), isStuck: true });
    signals.emit("SIGTERM");
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(10_000);
    expect(await code).toBe(1);
  });

  test("a service that can't start is no service to stop", async () => {
    const refused = new GatewatchError("LISTEN_REFUSED", "The port is taken.");
    const { code, service } = await running({ startApp: () => Promise.reject(refused) });
    expect(await code).toBe(2);
    expect(service.reasons).toEqual([]);
  });

  test("nothing listens to signals afterwards", async () => {
    const { signals, service, code } = await running();
    service.end();
    service.stopped();
    await code;
    expect(signals.eventNames()).toEqual([]);
  });
});

test("SIGHUP reloads", async () => {
  const { signals, service, code } = await running();
  signals.emit("SIGHUP");
  expect(service.reloads).toBe(1);
  service.end();
  service.stopped();
  await code;
});

test.for(["unhandledRejection", "uncaughtException"])("%s ends the process with exit code 1", async (name) => {
  const { signals, service, code, exits, logged } = await running();
  signals.emit(name, new Error("a bug"));
  expect(exits).toEqual([1]);
  expect(logged).toMatchObject([{ err: { message: "a bug" } }]);
  service.end();
  service.stopped();
  await code;
});

// helpers

/** A service that does as it is told, run by `gatewatch run`. */
class FakeService implements RunningService {
  readonly reasons: string[] = [];
  reloads = 0;
  readonly #ended = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  readonly #stopCalled = Promise.withResolvers<void>();
  readonly ended = this.#ended.promise;
  readonly stopCalled = this.#stopCalled.promise;
  readonly end = () => this.#ended.resolve();
  readonly fail = (error: Error) => this.#ended.reject(error);
  readonly stopped = () => this.#stopped.resolve();

  stop(reason: string): Promise<void> {
    this.reasons.push(reason);
    this.#stopCalled.resolve();
    return this.#stopped.promise;
  }

  reload(): Promise<void> {
    this.reloads += 1;
    return Promise.resolve();
  }
}

/** Its methods without their class, so that something can be put beside them. */
function bound(service: FakeService): RunningService {
  return { ended: service.ended, stop: (reason) => service.stop(reason), reload: () => service.reload() };
}

async function running(given: { startApp?: () => Promise<RunningService>; isStuck?: boolean } = {}) {
  const file = join(tempDirectory(), "gatewatch.yaml");
  writeFileSync(file, "service: { shutdownAfter: 10s, log: { level: error } }\nsources: [{ name: in, type: stdin }]\n");
  const clock = new TestClock();
  const signals = new EventEmitter();
  const service = new FakeService();
  const started = Promise.withResolvers<void>();
  const startApp = given.startApp ?? (() => Promise.resolve(service));
  const { context, printed, logged, exits } = testCliContext({
    clock,
    signals,
    startApp() {
      const starting = startApp();
      if (given.isStuck === true) started.resolve();
      return starting.finally(() => started.resolve());
    },
  });
  const code = runCli(["-c", file], context);
  await started.promise;
  await new Promise((resolve) => setImmediate(resolve));
  return { clock, signals, service, code, printed, logged, exits };
}
