import { describe, expect, test } from "vitest";
import type { ApiServices } from "../src/api/api-services.ts";
import { storedActs } from "../src/stored-acts.ts";
import { TestClock } from "./support/test-clock.ts";

/** Services that note what they were asked, and a store that takes its time. */
function scene() {
  const calls: string[] = [];
  const note = (name: string) => async () => {
    calls.push(name);
    return { kind: "unknown" };
  };
  const services = {
    incidents: { list: note("list"), acknowledge: note("acknowledge"), resolve: note("resolve") },
    decisions: { add: note("add"), lift: note("lift"), confirm: note("confirm") },
    silences: { create: note("create"), end: note("end") },
  } as unknown as ApiServices;
  const flushed = Promise.withResolvers<void>();
  const clock = new TestClock();
  const store = { flush: () => flushed.promise };
  return { acts: storedActs(services, { store, clock }), calls, flushed, clock };
}

const acts: readonly [string, (services: ApiServices) => Promise<unknown>][] = [
  ["acknowledge", ({ incidents }) => incidents.acknowledge("inc_1", "alice")],
  ["resolve", ({ incidents }) => incidents.resolve("inc_1", "alice")],
  ["add", ({ decisions }) => decisions.add({} as never)],
  ["lift", ({ decisions }) => decisions.lift(1, "alice", "a customer")],
  ["confirm", ({ decisions }) => decisions.confirm(1, "alice")],
  ["create", ({ silences }) => silences.create({} as never, "alice")],
  ["end", ({ silences }) => silences.end("sil_1", "alice")],
];

describe("what a person does", () => {
  test.for(acts)("%s is answered once the store has it", async ([name, act]) => {
    const { acts: services, calls, flushed } = scene();
    const state = { answered: false };
    const answer = act(services).then((result) => {
      state.answered = true;
      return result;
    });
    await new Promise(setImmediate);
    expect([calls, state.answered]).toEqual([[name], false]);
    flushed.resolve();
    expect(await answer).toEqual({ kind: "unknown" });
  });

  test("is answered with 503 when the store doesn't take it", async () => {
    const { acts: services, clock } = scene();
    const answer = services.incidents.resolve("inc_1", "alice").catch((error: unknown) => error);
    await new Promise(setImmediate);
    await clock.advance(5_000);
    expect(await answer).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("questions don't wait", async () => {
    const { acts: services } = scene();
    expect(await services.incidents.list({ limit: 1 } as never)).toEqual({ kind: "unknown" });
  });
});
