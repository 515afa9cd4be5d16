import { describe, expect, test } from "vitest";
import type { Cursor } from "../src/api/api-services.ts";
import type { Decision } from "../src/block/decision.ts";
import type { Detection } from "../src/detect/detection.ts";
import { serviceApi, type ServiceParts } from "../src/service-api.ts";
import type { HttpSource } from "../src/source/http-source.ts";
import { detectionRow } from "../src/store/detection-row.ts";
import { aDetection } from "./support/a-detection.ts";
import { aRunbook } from "./support/a-runbook.ts";
import { sampleDecision, sampleIncident, sampleStatus, sampleTime } from "./support/api-samples.ts";
import { MemoryStore } from "./support/memory-store.ts";

interface Scene {
  readonly detections?: readonly Detection[];
  readonly decisions?: readonly Decision[];
  readonly httpSources?: readonly string[];
}

async function aService({ detections = [], decisions = [], httpSources = [] }: Scene = {}) {
  const store = new MemoryStore();
  await store.save(detections.map(detectionRow));
  const accepted: string[] = [];
  const incident = sampleIncident({ detections: detections.map(({ id }) => id) });
  const parts = {
    store,
    incidents: {
      list: async () => [incident, sampleIncident({ id: "inc_other", detections: ["det_other"] })],
      get: async (id: string) => (id === incident.id ? { incident, timeline: [], detections } : undefined),
    },
    blocker: {
      list: ({ incident: of }: { incident?: string }) => decisions.filter(({ incident }) => !of || incident === of),
      why: async (subject: string) => ({
        lines: [`${subject} is allowed.`],
        decisions: decisions.filter(({ value, uuid }) => value === subject || uuid === subject),
      }),
      lift: async (id: number) => decisions.filter((decision) => decision.id === id),
    },
    pager: {},
    httpSources: httpSources.map((name) => ({
      name,
      accept: async () => {
        accepted.push(name);
        return { status: 202, body: { accepted: 1, rejected: 0 } };
      },
    })) as unknown as HttpSource[],
    maxLogBytes: 1_000,
    rules: () => ({ detectors: [], off: [], runbooks: [aRunbook({ id: "credential-stuffing" })] }),
    status: () => sampleStatus(),
    ready: () => [],
  } as unknown as ServiceParts;
  return { services: serviceApi(parts), accepted };
}

/** Every page of a list, one after the other. */
async function allPages<T>(list: (before: Cursor | undefined) => Promise<readonly T[]>, cursorOf: (item: T) => Cursor) {
  const pages: T[][] = [];
  for (let before: Cursor | undefined; pages.length < 50; before = cursorOf(pages.at(-1)!.at(-1)!)) {
    const page = await list(before);
    if (page.length === 0) break;
    pages.push([...page]);
  }
  return pages;
}

describe("detections", () => {
  const firedAt = ({ firedAt, id }: Detection) => ({ time: firedAt, id });
  const page = { detector: undefined, state: undefined };

  test("hundreds that fired in the same bucket are all found, page by page", async () => {
    const detections = Array.from({ length: 330 }, (_, i) =>
      aDetection({ id: `det_${String(i).padStart(4, "0")}`, firedAt: sampleTime - (i % 3), lastSeen: sampleTime + i }),
    );
    const { services } = await aService({ detections });
    const pages = await allPages((before) => services.detections.list({ ...page, limit: 50, before }), firedAt);
    expect(pages.map(({ length }) => length)).toEqual([50, 50, 50, 50, 50, 50, 30]);
    const found = pages.flat();
    expect(new Set(found.map(({ id }) => id)).size).toBe(330);
    expect(found).toEqual(found.toSorted((a, b) => b.firedAt - a.firedAt || (a.id < b.id ? 1 : -1)));
  });

  test("what goes on for hours doesn't hide what fired since", async () => {
    const old = Array.from({ length: 200 }, (_, i) =>
      aDetection({ id: `det_old_${i}`, firedAt: sampleTime - 86_400_000 - i, lastSeen: sampleTime }),
    );
    const fresh = aDetection({ id: "det_fresh", firedAt: sampleTime - 3_600_000, lastSeen: sampleTime - 3_500_000 });
    const { services } = await aService({ detections: [...old, fresh] });
    expect(await services.detections.list({ ...page, limit: 1, before: undefined })).toMatchObject([
      { id: "det_fresh" },
    ]);
  });

  test("are chosen by detector and state, and found by id", async () => {
    const detections = [
      aDetection({ id: "det_1", state: "closed" }),
      aDetection({ id: "det_2" }),
      aDetection({ id: "det_3", detector: "payment-storm" }),
    ];
    const { services } = await aService({ detections });
    const list = async (filter: object) =>
      (await services.detections.list({ ...page, limit: 10, before: undefined, ...filter })).map(({ id }) => id);
    expect(await list({ state: "open" })).toEqual(["det_3", "det_2"]);
    expect(await list({ detector: "credential-stuffing" })).toEqual(["det_2", "det_1"]);
    expect(await services.detections.get("det_2")).toMatchObject({ id: "det_2" });
    expect(await services.detections.get("det_9")).toBeUndefined();
  });
});

test("decisions come page by page, newest first; none is missed, none told twice", async () => {
  const decisions = Array.from({ length: 25 }, (_, i) =>
    sampleDecision({ id: i + 1, uuid: `u${i}`, createdAt: sampleTime + Math.floor(i / 4) }),
  );
  const { services } = await aService({ decisions });
  const filter = { state: undefined, scope: undefined, value: undefined, limit: 4 };
  const pages = await allPages(
    (before) => services.decisions.list({ ...filter, before }),
    ({ createdAt, id }) => ({ time: createdAt, id: String(id) }),
  );
  const found = pages.flat();
  expect(found.map(({ id }) => id)).toEqual(Array.from({ length: 25 }, (_, i) => 25 - i));
});

test("a decision is lifted, or there is none", async () => {
  const { services } = await aService({ decisions: [sampleDecision({ id: 7 })] });
  expect(await services.decisions.lift(7, "alice", "a mistake")).toMatchObject({ kind: "done", value: { id: 7 } });
  expect(await services.decisions.lift(8, "alice", "a mistake")).toEqual({ kind: "unknown" });
});

test("an incident comes with its decisions", async () => {
  const mine = sampleDecision({ incident: sampleIncident().id });
  const { services } = await aService({ decisions: [mine, sampleDecision({ id: 99, incident: "inc_other" })] });
  expect((await services.incidents.get(sampleIncident().id))?.decisions).toEqual([mine]);
  expect(await services.incidents.get("inc_nothing")).toBeUndefined();
});

describe("why", () => {
  const found = aDetection({ key: { clientIp: "203.0.113.7" } });

  test.for<[string, string, Partial<Detection>]>([
    ["an address that is a key", "203.0.113.7", {}],
    ["an address that is a target", "203.0.113.9", { targets: [{ scope: "ip", value: "203.0.113.9" }] }],
    ["an address of an IPv6 client", "2001:db8::1", { key: { clientIp: "2001:db8::/64" }, targets: [] }],
    ["a user", "anna", { key: { userId: "anna" }, targets: [] }],
    ["a user who was refused too often", "anna", { key: { actor: "user:anna" }, targets: [] }],
  ])("%s: what was found, and its incident", async ([, subject, changes]) => {
    const { services } = await aService({ detections: [{ ...found, ...changes }] });
    const why = await services.why(subject);
    expect(why.detections.map(({ id }) => id)).toEqual([found.id]);
    expect(why.incidents.map(({ id }) => id)).toEqual([sampleIncident().id]);
    expect(why.lines[0]).toBe(`${subject} is allowed.`);
    expect(why.lines.join("\n")).toContain(found.summary);
    expect(why.lines.join("\n")).toContain(sampleIncident().title);
  });

  test("a reference leads from its decision to what was found", async () => {
    const decision = sampleDecision({ uuid: "a-reference", value: "203.0.113.7" });
    const { services } = await aService({ detections: [found], decisions: [decision] });
    const why = await services.why("a-reference");
    expect(why.decisions).toEqual([decision]);
    expect(why.detections.map(({ id }) => id)).toEqual([found.id]);
  });

  test("nothing is said to be nothing", async () => {
    const { services } = await aService({ detections: [found] });
    const why = await services.why("198.51.100.99");
    expect(why).toMatchObject({ detections: [], incidents: [] });
    expect(why.lines.at(-1)).toBe("No detector has found anything on 198.51.100.99.");
  });
});

describe("pushed logs", () => {
  test.for<[string, readonly string[], string | undefined, string]>([
    ["to the only source", ["push"], undefined, "push"],
    ["to the one that is named", ["push", "other"], "other", "other"],
  ])("%s", async ([, httpSources, name, expected]) => {
    const { services, accepted } = await aService({ httpSources });
    expect((await services.logs.accept(name, Buffer.from("{}"), {} as never)).status).toBe(202);
    expect(accepted).toEqual([expected]);
  });

  test.for<[string, readonly string[], string | undefined, string]>([
    ["none is named of several", ["push", "other"], undefined, "choose one by ?source=: push, other"],
    ["one that doesn't exist", ["push"], "nope", "choose one by ?source=: push"],
    ["there is none", [], undefined, "no source of type http is configured"],
  ])("refused: %s", async ([, httpSources, name, error]) => {
    const { services, accepted } = await aService({ httpSources });
    const answer = await services.logs.accept(name, Buffer.from("{}"), {} as never);
    expect(answer).toEqual({ status: 404, body: { accepted: 0, rejected: 0, error } });
    expect(accepted).toEqual([]);
  });
});
