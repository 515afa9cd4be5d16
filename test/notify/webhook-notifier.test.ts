import { afterAll, beforeAll, expect, test } from "vitest";
import { Webhook } from "standardwebhooks";
import { systemClock } from "../../src/clock.ts";
import { createWebhookNotifier, webhookBody } from "../../src/notify/webhook-notifier.ts";
import { startHttpCapture, type HttpCapture } from "../support/http-capture.ts";
import { giantPage, samplePage } from "../support/sample-page.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
let server: HttpCapture;
beforeAll(async () => {
  server = await startHttpCapture();
});
afterAll(() => server.close());

function notifier() {
  const config = { type: "webhook", url: server.url, secret } as const;
  return createWebhookNotifier({ channel: "hook", config, clock: systemClock });
}

test("signs as Standard Webhooks' own test vector does", () => {
  const signature = new Webhook(secret).sign(
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    new Date(1_614_265_330_000),
    '{"test": 2432232314}',
  );
  expect(signature).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

test("what is sent verifies with the library", async () => {
  await notifier().send(samplePage(), AbortSignal.timeout(5_000));
  const request = server.requests.at(-1);
  const headers = request?.headers as Record<string, string>;
  expect(new Webhook(secret).verify(request?.body ?? "", headers)).toMatchObject({ type: "gatewatch.incident.opened" });
  expect(() => new Webhook(secret).verify(`${request?.body} `, headers)).toThrow("No matching signature");
});

test("a repeat has the same id and the same body", async () => {
  await notifier().send(samplePage(), AbortSignal.timeout(5_000));
  await notifier().send(samplePage(), AbortSignal.timeout(5_000));
  const [first, second] = server.requests.slice(-2);
  expect(second?.headers["webhook-id"]).toBe("dlv_00000000000000f1");
  expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
  expect(second?.body).toBe(first?.body);
});

test.for([
  ["trigger", "gatewatch.incident.opened"],
  ["acknowledge", "gatewatch.incident.acknowledged"],
  ["resolve", "gatewatch.incident.resolved"],
  ["summary", "gatewatch.incident.summary"],
] as const)("%s is %s", ([kind, type]) => {
  expect(JSON.parse(webhookBody(samplePage({ kind })))).toMatchObject({ type });
});

test("a body", () => {
  expect(JSON.parse(webhookBody(samplePage()))).toMatchInlineSnapshot(`
    {
      "data": {
        "evidence": [
          "08:58:30.000 POST /api/login 401 from 203.0.113.7 (NL) user u-17 "python-requests/2.32"",
        ],
        "facts": [
          {
            "name": "clientIp",
            "value": "203.0.113.7",
          },
          {
            "name": "failures",
            "value": "40",
          },
        ],
        "incident": {
          "id": "inc_00000000000000a1",
          "openedAt": "2026-08-22T08:59:00.000Z",
          "runbookUrl": "https://gatewatch.shop.example/runbooks/credential-stuffing",
          "severity": "critical",
          "state": "open",
          "summary": "40 of 41 logins from 203.0.113.7 failed, on 38 accounts.",
          "team": "identity",
          "title": "Credential stuffing on login",
          "url": "https://gatewatch.shop.example/incidents/inc_00000000000000a1",
        },
        "service": "gatewatch@eu-prod",
        "steps": [
          "Look at the evidence.",
          "Was a login ok after the failures?",
        ],
      },
      "timestamp": "2026-08-22T09:00:00.000Z",
      "type": "gatewatch.incident.opened",
    }
  `);
});

test.for([
  ["latin", "a".repeat(1_000_000)],
  ["quotes", '"'.repeat(1_000_000)],
  ["wide", "🦊".repeat(500_000)],
] as const)("stays below 20 kB with a megabyte of %s in each text", ([, text]) => {
  const page = giantPage({
    title: text,
    summary: text,
    team: text,
    service: text,
    evidence: [text, text, text, text, text],
  });
  expect(Buffer.byteLength(webhookBody(page))).toBeLessThan(20_000);
});
