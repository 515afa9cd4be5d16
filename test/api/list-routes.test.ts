import { describe, expect, expectTypeOf, test } from "vitest";
import type { z } from "zod";
import { decisionSchema } from "../../src/api/decision-schema.ts";
import type { deliverySchema } from "../../src/api/delivery-schema.ts";
import type { detectionSchema } from "../../src/api/detection-schema.ts";
import type { incidentSchema, timelineSchema } from "../../src/api/incident-schema.ts";
import type { Decision } from "../../src/block/decision.ts";
import type { Detection } from "../../src/detect/detection.ts";
import type { Incident, IncidentEvent } from "../../src/incident/incident.ts";
import type { Delivery } from "../../src/notify/notifier.ts";
import { sampleDecision, sampleDetection, sampleIncident, sampleTime } from "../support/api-samples.ts";
import { createTestApi } from "../support/test-api.ts";

describe("incidents", () => {
  test("each links to itself, its evidence and its runbook, and the links lead somewhere", async () => {
    const { app } = createTestApi();
    const { incidents, next } = (await app.inject({ url: "/v1/incidents" })).json();
    expect(next).toBeNull();
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({ id: "inc_00000000000000a1", state: "open", severity: "critical" });
    const { self, evidence, runbook } = incidents[0].links;
    const read = async (url: string) => (await app.inject({ url })).json();
    expect((await read(self)).incident.id).toBe(incidents[0].id);
    expect((await read(evidence)).detections[0].evidence[0].status).toBe(401);
    expect((await read(runbook)).runbook.id).toBe(incidents[0].runbook);
  });

  test("one is shown with all that belongs to it, and with the addresses people were sent", async () => {
    const { app } = createTestApi();
    const detail = (await app.inject({ url: "/v1/incidents/inc_00000000000000a1" })).json();
    expect(detail).toMatchObject({
      timeline: [{ kind: "opened" }, { kind: "decision" }],
      detections: [{ detector: "credential-stuffing", evidence: [{ userAgent: "python-requests/2.32" }] }],
      decisions: [{ action: "ban", value: "203.0.113.7" }],
      incidentUrl: "https://gatewatch.shop.example/incidents/inc_00000000000000a1",
      runbookUrl: "https://gatewatch.shop.example/runbooks/credential-stuffing",
    });
  });

  test("pages follow each other without a gap or a repeat, also where times are equal", async () => {
    const { app, services } = createTestApi();
    const ids = Array.from({ length: 7 }, (_, i) => `inc_${i}`);
    services.incidentItems = ids
      .map((id, i) => sampleIncident({ id, openedAt: sampleTime + Math.floor(i / 3) }))
      .reverse();
    const seen: string[] = [];
    let next: string | null = "";
    while (next !== null) {
      const url: string = `/v1/incidents?limit=2${next && `&before=${next}`}`;
      const answer = (await app.inject({ url })).json();
      seen.push(...answer.incidents.map((incident: Incident) => incident.id));
      ({ next } = answer);
    }
    expect(seen).toEqual(ids.toReversed());
  });

  test("`live` leaves out what is resolved", async () => {
    const { app, services } = createTestApi();
    services.incidentItems.push(sampleIncident({ id: "inc_old", state: "resolved", resolvedAt: sampleTime }));
    const ids = async (url: string) => (await app.inject({ url })).json().incidents.map((item: Incident) => item.id);
    expect(await ids("/v1/incidents?state=live")).toEqual(["inc_00000000000000a1"]);
    expect(await ids("/v1/incidents?state=resolved")).toEqual(["inc_old"]);
  });

  test.for(["acknowledge", "resolve"] as const)("%s is done in the caller's name", async (action) => {
    const { app, services } = createTestApi();
    const answer = await app.inject({ method: "POST", url: `/v1/incidents/inc_00000000000000a1/${action}` });
    expect(answer.json().incident.state).toBe(action === "resolve" ? "resolved" : "acknowledged");
    expect(services.calls).toEqual([[action, "inc_00000000000000a1", "local"]]);
  });

  test("what can't be done is a conflict, with the reason", async () => {
    const { app, services } = createTestApi();
    services.refuseWith = "It is resolved already.";
    const answer = await app.inject({ method: "POST", url: "/v1/incidents/inc_00000000000000a1/acknowledge" });
    expect([answer.statusCode, answer.json().error]).toEqual([
      409,
      { code: "CONFLICT", message: "It is resolved already." },
    ]);
  });
});

describe("detections and decisions", () => {
  test("detections are chosen by detector and state", async () => {
    const { app, services } = createTestApi();
    services.detectionItems.push(sampleDetection({ id: "det_2", detector: "payment-storm", state: "closed" }));
    const answer = await app.inject({ url: "/v1/detections?detector=payment-storm&state=closed" });
    expect(answer.json().detections.map((item: Detection) => item.id)).toEqual(["det_2"]);
  });

  test("a decision by hand is taken with its time span and the caller's name", async () => {
    const { app, services } = createTestApi();
    const payload = { scope: "range", value: "198.51.100.0/24", action: "captcha", for: "2h", reason: " odd traffic " };
    const answer = await app.inject({ method: "POST", url: "/v1/decisions", payload });
    expect(answer.statusCode).toBe(201);
    expect(answer.json().decision).toMatchObject({ scope: "range", origin: "manual", until: sampleTime + 7_200_000 });
    expect(services.calls).toEqual([
      [
        "add",
        {
          scope: "range",
          value: "198.51.100.0/24",
          action: "captcha",
          reason: "odd traffic",
          forMs: 7_200_000,
          by: "local",
        },
      ],
    ]);
  });

  test("a decision is lifted with a reason, and confirmed", async () => {
    const { app, services } = createTestApi();
    await app.inject({ method: "DELETE", url: "/v1/decisions/7?reason=a%20customer" });
    await app.inject({ method: "POST", url: "/v1/decisions/7/confirm", payload: {} });
    expect(services.calls).toEqual([
      ["lift", 7, "local", "a customer"],
      ["confirm", 7, "local"],
    ]);
  });

  test("an address, a range or a reference is explained", async () => {
    const { app } = createTestApi();
    const answer = await app.inject({ url: `/v1/why/${encodeURIComponent("10.0.0.0/8")}` });
    expect(answer.json()).toMatchObject({ subject: "10.0.0.0/8", decisions: [{ id: 7 }], incidents: [{ links: {} }] });
  });

  test("whom a dry run would have hit is shown", async () => {
    const { app, services } = createTestApi();
    const wouldHaveHit = { requests: 3, succeeded: 1, signedIn: 1, bought: 0, users: ["u-1"], userCount: 1 };
    services.decisionItems = [sampleDecision({ dryRun: true, wouldHaveHit })];
    expect((await app.inject({ url: "/v1/decisions" })).json().decisions[0].wouldHaveHit).toEqual(wouldHaveHit);
  });
});

describe("the other lists", () => {
  test("silences are made, listed and ended", async () => {
    const { app, services } = createTestApi();
    const payload = { runbook: "country-surge", endsAt: sampleTime + 3_600_000, reason: "load test" };
    const made = await app.inject({ method: "POST", url: "/v1/silences", payload });
    expect(made.statusCode).toBe(201);
    const { silences } = (await app.inject({ url: "/v1/silences" })).json();
    expect(silences).toEqual([made.json().silence]);
    await app.inject({ method: "DELETE", url: `/v1/silences/${silences[0].id}` });
    expect(services.calls).toEqual([
      ["silence", { ...payload, key: {} }, "local"],
      ["end", "sil_00000000000000c1", "local"],
    ]);
  });

  test("deliveries show what an outbox would have sent", async () => {
    const { app } = createTestApi();
    const { deliveries } = (await app.inject({ url: "/v1/deliveries?channel=screen" })).json();
    expect(deliveries[0]).toMatchObject({ channel: "screen", page: { steps: ["Look at the evidence."] } });
    expect((await app.inject({ url: "/v1/deliveries?channel=other" })).json().deliveries).toEqual([]);
  });

  test("a runbook comes with its steps, as written and rendered, and without where its file lies", async () => {
    const { app } = createTestApi();
    const { runbook } = (await app.inject({ url: "/v1/runbooks/credential-stuffing" })).json();
    expect(runbook.steps).toContain("**stolen passwords**");
    expect(runbook.html).toContain("<strong>stolen passwords</strong>");
    expect(runbook).not.toHaveProperty("file");
    expect((await app.inject({ url: "/v1/runbooks" })).json().runbooks[0]).not.toHaveProperty("steps");
  });

  test("blocking is stopped and taken up again", async () => {
    const { app } = createTestApi();
    const stopped = await app.inject({ method: "POST", url: "/v1/blocking/stop" });
    expect(stopped.json()).toEqual({ mode: "enforce", stopped: true, stoppedBy: "local" });
    expect((await app.inject({ url: "/v1/status" })).json().blocking.stopped).toBe(true);
    await app.inject({ method: "POST", url: "/v1/blocking/resume" });
    expect((await app.inject({ url: "/v1/status" })).json().blocking.stopped).toBe(false);
  });
});

test("an answer that does not fit its schema is sent all the same, and counted", async () => {
  const { app, services, metrics } = createTestApi();
  const { repeat: _, ...old } = sampleDecision();
  services.decisionItems = [old as Decision, sampleDecision({ id: 8 })];
  const answer = await app.inject({ url: "/v1/decisions" });
  expect(answer.json().decisions).toHaveLength(2);
  expect(await metrics.registry.metrics()).toContain('gatewatch_api_response_misfits_total{route="/v1/decisions"} 1');
});

test("the schemas name every field of what they show", () => {
  expectTypeOf<keyof Decision>().toEqualTypeOf<keyof z.output<typeof decisionSchema>>();
  expectTypeOf<keyof Delivery>().toEqualTypeOf<keyof z.output<typeof deliverySchema>>();
  expectTypeOf<keyof Detection>().toEqualTypeOf<keyof z.output<typeof detectionSchema>>();
  expectTypeOf<keyof Detection["evidence"][number]>().toEqualTypeOf<
    keyof z.output<typeof detectionSchema>["evidence"][number]
  >();
  expectTypeOf<keyof Incident | "links">().toEqualTypeOf<keyof z.output<typeof incidentSchema>>();
  expectTypeOf<keyof IncidentEvent>().toEqualTypeOf<keyof z.output<typeof timelineSchema>>();
  expect(decisionSchema.parse(sampleDecision())).toEqual(sampleDecision());
});
