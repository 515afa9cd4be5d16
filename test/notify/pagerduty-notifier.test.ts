import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pagerdutyEvent, createPagerdutyNotifier } from "../../src/notify/pagerduty-notifier.ts";
import { startHttpCapture, type HttpCapture } from "../support/http-capture.ts";
import { giantPage, samplePage } from "../support/sample-page.ts";
import { TestClock } from "../support/test-clock.ts";

const routingKey = "R0000000000000000000000000000000";

test("a trigger", () => {
  expect(pagerdutyEvent(samplePage(), routingKey)).toMatchInlineSnapshot(`
    {
      "client": "gatewatch",
      "client_url": "https://gatewatch.shop.example/incidents/inc_00000000000000a1",
      "dedup_key": "inc_00000000000000a1",
      "event_action": "trigger",
      "links": [
        {
          "href": "https://gatewatch.shop.example/incidents/inc_00000000000000a1",
          "text": "Incident",
        },
        {
          "href": "https://gatewatch.shop.example/runbooks/credential-stuffing",
          "text": "Runbook",
        },
      ],
      "payload": {
        "component": "api-gateway",
        "custom_details": {
          "evidence": [
            "08:58:30.000 POST /api/login 401 from 203.0.113.7 (NL) user u-17 "python-requests/2.32"",
          ],
          "facts": {
            "clientIp": "203.0.113.7",
            "failures": "40",
          },
          "opened_at": "2026-08-22T08:59:00.000Z",
          "steps": [
            "Look at the evidence.",
            "Was a login ok after the failures?",
          ],
        },
        "group": "identity",
        "severity": "critical",
        "source": "gatewatch@eu-prod",
        "summary": "Credential stuffing on login: 40 of 41 logins from 203.0.113.7 failed, on 38 accounts.",
        "timestamp": "2026-08-22T09:00:00.000Z",
      },
      "routing_key": "R0000000000000000000000000000000",
    }
  `);
});

test.for(["acknowledge", "resolve"] as const)("%s only names the alert it is about", (kind) => {
  expect(pagerdutyEvent(samplePage({ kind }), routingKey)).toEqual({
    routing_key: routingKey,
    event_action: kind,
    dedup_key: "inc_00000000000000a1",
  });
});

test.for([
  ["critical", "critical"],
  ["high", "error"],
  ["medium", "warning"],
  ["low", "info"],
] as const)("severity %s is PagerDuty's %s", ([severity, expected]) => {
  expect(pagerdutyEvent(samplePage({ severity }), routingKey)).toMatchObject({ payload: { severity: expected } });
});

test("a summary of 1024 characters at most, and a body far below 512 kB", () => {
  const event = pagerdutyEvent(giantPage(), routingKey) as { payload: { summary: string } };
  expect(Array.from(event.payload.summary).length).toBeLessThanOrEqual(1_024);
  expect(JSON.stringify(event).length).toBeLessThan(50_000);
});

describe("only PagerDuty's own 202 is a success", () => {
  let server: HttpCapture;
  beforeAll(async () => {
    server = await startHttpCapture();
  });
  afterAll(() => server.close());

  test.for([
    [202, '{"status":"success","message":"Event processed","dedup_key":"inc_1"}', { kind: "sent", reference: "inc_1" }],
    [200, '{"status":"success"}', { kind: "retry", reason: "server_error" }],
    [202, "<html>please sign in</html>", { kind: "retry", reason: "server_error" }],
    [202, '{"status":"invalid event"}', { kind: "retry", reason: "server_error" }],
    [400, '{"status":"invalid event","errors":["routing_key"]}', { kind: "refused", reason: "rejected" }],
  ] as const)("%d %s", async ([status, body, expected]) => {
    server.answer({ status, body });
    const config = { type: "pagerduty", routingKey, url: server.url } as const;
    const notifier = createPagerdutyNotifier({ channel: "pager", config, clock: new TestClock() });
    expect(await notifier.send(samplePage(), AbortSignal.timeout(5_000))).toMatchObject(expected);
  });
});
