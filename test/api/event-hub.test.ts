import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { EventHub, maxListeners } from "../../src/api/event-hub.ts";
import { createResponseSerializer } from "../../src/api/response-serializer.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { sampleDecision, sampleIncident } from "../support/api-samples.ts";
import { FakeApiServices } from "../support/fake-api-services.ts";
import { bearer, createTestApi, tokenConfig } from "../support/test-api.ts";
import { TestClock } from "../support/test-clock.ts";

describe("what listeners are told", () => {
  test("everything first, then only what changed", async () => {
    const { hub, services, clock } = createHub();
    const listener = new Listener();
    hub.add(listener.stream);
    await clock.advance(0);
    const [first] = listener.take();
    expect(first).toMatchObject({ name: "snapshot", data: { status: { service: "gatewatch@test" } } });
    expect(ids(first?.data.incidents)).toEqual([["inc_00000000000000a1"], []]);
    expect(first?.data.incidents.changed[0].links.page).toBe("/incidents/inc_00000000000000a1");

    services.incidentItems.push(sampleIncident({ id: "inc_2" }));
    services.decisionItems = [];
    await clock.advance(2000);
    const [second] = listener.take();
    expect(second?.name).toBe("changes");
    expect(ids(second?.data.incidents)).toEqual([["inc_2"], []]);
    expect(ids(second?.data.decisions)).toEqual([[], ["7"]]);
    expect(ids(second?.data.deliveries)).toEqual([[], []]);

    await services.incidents.acknowledge("inc_2", "alice");
    await clock.advance(2000);
    expect(listener.take()[0]?.data.incidents.changed).toMatchObject([{ id: "inc_2", state: "acknowledged" }]);
  });

  test("whom a dry run would have hit is news, though it makes no new version", async () => {
    const { hub, services, clock } = createHub();
    const listener = new Listener();
    hub.add(listener.stream);
    await clock.advance(0);
    listener.take();
    services.decisionItems = [
      sampleDecision({ wouldHaveHit: { requests: 1, succeeded: 0, signedIn: 0, bought: 0, users: [], userCount: 0 } }),
    ];
    await clock.advance(2000);
    expect(ids(listener.take()[0]?.data.decisions)).toEqual([["7"], []]);
  });

  test("live incidents go on while those lately resolved can't be read", async () => {
    const { hub, services, clock } = createHub();
    const { incidents } = services;
    const list = incidents.list.bind(incidents);
    incidents.list = (filter) => (filter.state === "resolved" ? Promise.reject(new Error("store away")) : list(filter));
    const listener = new Listener();
    hub.add(listener.stream);
    await clock.advance(0);
    expect(ids(listener.take()[0]?.data.incidents)).toEqual([["inc_00000000000000a1"], []]);
    await incidents.resolve("inc_00000000000000a1", "alice");
    incidents.list = list;
    await clock.advance(4000);
    const told = listener.take().map(({ data }) => ids(data.incidents));
    expect(told).toEqual([
      [[], ["inc_00000000000000a1"]],
      [["inc_00000000000000a1"], []],
    ]);
  });

  test("a latecomer gets everything while others get changes", async () => {
    const { hub, clock } = createHub();
    const [early, late] = [new Listener(), new Listener()];
    hub.add(early.stream);
    await clock.advance(2000);
    early.take();
    hub.add(late.stream);
    await clock.advance(0);
    expect(late.take().map(({ name }) => name)).toEqual(["snapshot"]);
    expect(early.take().map(({ name }) => name)).toEqual(["changes"]);
  });

  test("trouble, when a reading fails; and a snapshot once it is over", async () => {
    const { hub, services, clock, metrics } = createHub();
    const listener = new Listener();
    const { incidents } = services;
    const list = incidents.list.bind(incidents);
    incidents.list = () => Promise.reject(new Error("store away"));
    hub.add(listener.stream);
    await clock.advance(0);
    expect(listener.take()).toEqual([{ name: "trouble", data: {} }]);
    incidents.list = list;
    await clock.advance(2000);
    expect(listener.take().map(({ name }) => name)).toEqual(["snapshot"]);
    expect(await metrics.registry.metrics()).toContain("gatewatch_api_event_failures_total 1");
  });

  test("hostile text can't break out of its event", async () => {
    const { hub, services, clock } = createHub();
    services.incidentItems = [sampleIncident({ summary: "a\n\nevent: snapshot\ndata: {}\n\n\u2028" })];
    const listener = new Listener();
    hub.add(listener.stream);
    await clock.advance(0);
    const events = listener.take();
    expect(events).toHaveLength(1);
    expect(events[0]?.data.incidents.changed[0].summary).toContain("event: snapshot");
  });
});

describe("bounds", () => {
  test("nothing is read while nobody listens", async () => {
    const { hub, services, clock } = createHub();
    let reads = 0;
    const { deliveries } = services;
    const list = deliveries.list.bind(deliveries);
    deliveries.list = (filter) => (reads++, list(filter));
    await clock.advance(10_000);
    expect(reads).toBe(0);
    const listener = new Listener();
    hub.add(listener.stream);
    await clock.advance(0);
    await clock.advance(2000);
    listener.stream.destroy();
    await clock.advance(0);
    const before = reads;
    await clock.advance(60_000);
    expect([before, reads]).toEqual([2, 2]);
  });

  test("one reading at a time, however slow", async () => {
    const { hub, services, clock } = createHub();
    let reads = 0;
    services.incidents.list = () => (reads++, new Promise(() => {}));
    hub.add(new Listener().stream);
    await clock.advance(60_000);
    expect(reads).toBe(1);
  });

  test("a listener that does not read is cut off", async () => {
    const { hub, services, clock } = createHub();
    const stuck = new PassThrough();
    hub.add(stuck);
    for (let i = 0; i < 40 && !stuck.destroyed; i++) {
      services.incidentItems = [sampleIncident({ version: i, summary: "x".repeat(500_000) })];
      await clock.advance(2000);
    }
    expect(stuck.destroyed).toBe(true);
  });

  test("no more listeners than it says", () => {
    const { hub } = createHub();
    for (let i = 0; i < maxListeners; i++) {
      expect(hub.hasRoom).toBe(true);
      hub.add(new PassThrough());
    }
    expect(hub.hasRoom).toBe(false);
  });
});

describe("GET /v1/events", () => {
  test("streams to whoever may read, and ends when the service stops", async () => {
    const { app } = createTestApi({ config: tokenConfig });
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    const response = await fetch(`${url}/v1/events`, { headers: bearer("viewer") });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toMatch(/^event: snapshot\ndata: \{"status"/);
    const closed = app.close();
    expect((await reader.read()).done).toBe(true);
    await closed;
  });

  test("has room for a bounded number of consoles", async () => {
    const { app } = createTestApi();
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    const open = await Promise.all(Array.from({ length: maxListeners }, () => fetch(`${url}/v1/events`)));
    expect(new Set(open.map(({ status }) => status))).toEqual(new Set([200]));
    const refused = await fetch(`${url}/v1/events`);
    expect([refused.status, await refused.json()]).toMatchObject([503, { error: { code: "UNAVAILABLE" } }]);
    await app.close();
  });
});

// helpers

function createHub() {
  const services = new FakeApiServices();
  const clock = new TestClock();
  const metrics = createMetrics();
  const serializer = createResponseSerializer({ metrics, log: silentLog });
  return { hub: new EventHub({ services, serializer, clock, metrics, log: silentLog }), services, clock, metrics };
}

interface Changes {
  readonly changed: readonly { readonly id: string | number }[];
  readonly gone: readonly string[];
}

function ids(changes: Changes): [string[], readonly string[]] {
  return [changes.changed.map(({ id }) => String(id)), changes.gone];
}

/** Reads what it is sent. */
class Listener {
  readonly stream = new PassThrough();
  #text = "";

  constructor() {
    this.stream.on("data", (chunk: Buffer) => (this.#text += chunk.toString()));
  }

  /** The events since the last call; `data` is whatever JSON came. */
  take() {
    const events = [...this.#text.matchAll(/event: ([^\n]*)\ndata: ([^\n]*)\n\n/g)];
    this.#text = "";
    return events.map(([, name, data]) => ({ name, data: JSON.parse(data as string) }));
  }
}
