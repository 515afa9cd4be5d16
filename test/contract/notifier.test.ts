import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createNotifiers } from "../../src/notify/create-notifiers.ts";
import { channelsConfig } from "../../src/notify/notify-config.ts";
import type { Notifier, Page } from "../../src/notify/notifier.ts";
import { freePort } from "../support/free-port.ts";
import { startHttpCapture, type HttpCapture } from "../support/http-capture.ts";
import { giantPage, hostilePage, samplePage } from "../support/sample-page.ts";
import { startSilentServer, startSmtpCapture, type SmtpCapture } from "../support/smtp-capture.ts";

/** What every notifier keeps to; a new one is added to `kinds` below, and to nothing else. */
interface Kind {
  readonly type: string;
  readonly idempotent: boolean;
  /** The configuration of a channel that speaks to this port. */
  config(port: number): object;
}

const httpKinds: readonly Kind[] = [
  { type: "slack", idempotent: false, config: (port) => ({ type: "slack", url: `http://127.0.0.1:${port}/hook` }) },
  {
    type: "pagerduty",
    idempotent: true,
    config: (port) => ({
      type: "pagerduty",
      routingKey: "R0000000000000000000000000000000",
      url: `http://127.0.0.1:${port}/v2/enqueue`,
    }),
  },
  {
    type: "webhook",
    idempotent: true,
    config: (port) => ({
      type: "webhook",
      url: `http://127.0.0.1:${port}/hook`,
      secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }),
  },
];
const mailKind: Kind = {
  type: "mail",
  idempotent: false,
  config: (port) => ({
    type: "mail",
    from: "gatewatch@shop.example",
    to: ["oncall@shop.example"],
    smtp: { host: "127.0.0.1", port, tls: "none" },
  }),
};
const kinds = [...httpKinds, mailKind];

function notifierFor(kind: Kind, port: number): Notifier {
  const config = channelsConfig.parse({ channel: kind.config(port) });
  return createNotifiers(config, systemClock).get("channel") as Notifier;
}

/** Long enough for a loopback answer, short enough to wait for in vain. */
function soon(): AbortSignal {
  return AbortSignal.timeout(5_000);
}

describe.each(kinds)("$type", (kind) => {
  test("says what it is", async () => {
    const notifier = notifierFor(kind, await freePort());
    expect(notifier).toMatchObject({ channel: "channel", type: kind.type, idempotent: kind.idempotent });
  });

  test("a refused connection can be tried again, and is known not to have arrived", async () => {
    const notifier = notifierFor(kind, await freePort());
    const result = await notifier.send(samplePage(), soon());
    expect(result).toMatchObject({ kind: "retry", reason: "network", maybeSent: false });
  });

  test("a server that never answers is a timeout when the signal says so", async () => {
    const silent = await startSilentServer();
    const result = await notifierFor(kind, silent.port).send(samplePage(), AbortSignal.timeout(200));
    await silent.close();
    expect(result).toMatchObject({ kind: "retry", reason: "timeout", maybeSent: true });
  });

  test("a signal that has aborted already sends nothing", async () => {
    const result = await notifierFor(kind, await freePort()).send(samplePage(), AbortSignal.abort());
    expect(result).toMatchObject({ kind: "retry", reason: "timeout" });
  });

  test("closes without having sent", async () => {
    await expect(notifierFor(kind, await freePort()).close?.() ?? Promise.resolve()).resolves.toBeUndefined();
  });
});

describe.each(httpKinds)("$type over HTTP", (kind) => {
  let server: HttpCapture;
  let notifier: Notifier;
  beforeAll(async () => {
    server = await startHttpCapture();
    notifier = notifierFor(kind, Number(new URL(server.url).port));
  });
  afterAll(() => server.close());
  const taken = { status: kind.type === "pagerduty" ? 202 : 200, body: '{"status":"success","dedup_key":"k"}' };
  beforeEach(() => server.answer(taken));

  test.for(["trigger", "acknowledge", "resolve", "summary"] as const)("sends a %s page as JSON", async (pageKind) => {
    expect(await notifier.send(samplePage({ kind: pageKind }), soon())).toMatchObject({ kind: "sent" });
    const request = server.requests.at(-1);
    expect(request?.method).toBe("POST");
    expect(request?.headers["content-type"]).toBe("application/json");
    expect(() => JSON.parse(request?.body ?? "") as unknown).not.toThrow();
  });

  test.for([
    [400, { kind: "refused", reason: "rejected" }],
    [401, { kind: "refused", reason: "unauthorized" }],
    [403, { kind: "refused", reason: "unauthorized" }],
    [404, { kind: "refused", reason: "rejected" }],
    [410, { kind: "refused", reason: "rejected" }],
    [302, { kind: "refused", reason: "rejected" }],
    [429, { kind: "retry", reason: "rate_limited", afterMs: 7_000 }],
    [500, { kind: "retry", reason: "server_error" }],
    [503, { kind: "retry", reason: "server_error", afterMs: 7_000 }],
  ] as const)("sorts an answer of %d", async ([status, expected]) => {
    const headers = { "retry-after": "7", location: "http://127.0.0.1:1/elsewhere" };
    server.answer({ status, headers, body: "because" });
    const before = server.requests.length;
    expect(await notifier.send(samplePage(), soon())).toMatchObject(expected);
    expect(server.requests.length).toBe(before + 1);
  });

  test("reads a Retry-After that is a date", async () => {
    server.answer({ status: 429, headers: { "retry-after": new Date(systemClock.now() + 60_000).toUTCString() } });
    const result = await notifier.send(samplePage(), soon());
    expect(result.kind === "retry" ? result.afterMs : 0).toBeGreaterThan(50_000);
  });

  test("keeps only the start of a long answer, without its control characters", async () => {
    server.answer({ status: 500, body: `\u001b[31m${"x".repeat(5_000_000)}` });
    const result = await notifier.send(samplePage(), soon());
    expect(result.kind === "sent" ? "" : result.detail).toMatch(/^HTTP 500: \[31mx+…$/);
  });

  test("does not wait for the end of an answer without one", async () => {
    server.answer("endless");
    const result = await notifier.send(samplePage(), soon());
    expect(result).toMatchObject({ kind: "retry", reason: "server_error" });
  });

  test("a failure never shows the URL, the key or the secret", async () => {
    server.answer({ status: 400, body: "no" });
    const refusal = JSON.stringify(await notifier.send(samplePage(), soon()));
    const unreachable = JSON.stringify(await notifierFor(kind, await freePort()).send(samplePage(), soon()));
    for (const text of [refusal, unreachable]) expect(text).not.toMatch(/hook|enqueue|R0000|whsec/);
  });

  test.for([
    ["hostile", hostilePage()],
    ["giant", giantPage()],
  ] as [string, Page][])("takes %s text, and sends a bounded body without control characters", async ([, page]) => {
    expect(await notifier.send(page, soon())).toMatchObject({ kind: "sent" });
    const body = server.requests.at(-1)?.body ?? "";
    expect(Buffer.byteLength(body)).toBeLessThan(60_000);
    expect(body).not.toMatch(/\\u00[01]|\\r|[\p{Cc}\u202A-\u202E\u2066-\u2069]/u);
  });
});

describe("mail over SMTP", () => {
  let server: SmtpCapture;
  let notifier: Notifier;
  beforeAll(async () => {
    server = await startSmtpCapture({ disabledCommands: ["STARTTLS", "AUTH"] });
    notifier = notifierFor(mailKind, server.port);
  });
  afterAll(() => server.close());

  test.for([
    [550, { kind: "refused", reason: "rejected" }],
    [421, { kind: "retry", reason: "server_error" }],
    [451, { kind: "retry", reason: "server_error" }],
  ] as const)("sorts an answer of %d", async ([status, expected]) => {
    server.refuse(status);
    expect(await notifier.send(samplePage(), soon())).toMatchObject(expected);
  });

  test.for([
    ["hostile", hostilePage()],
    ["giant", giantPage()],
  ] as [string, Page][])("takes %s text, and sends a bounded mail", async ([, page]) => {
    server.refuse(undefined);
    expect(await notifier.send(page, soon())).toMatchObject({ kind: "sent" });
    expect(server.mails.at(-1)?.raw.length).toBeLessThan(120_000);
  });
});

test("outbox keeps everything and sends nothing", async () => {
  const [notifier] = createNotifiers(channelsConfig.parse({ screen: { type: "outbox" } }), systemClock).values();
  expect(await notifier?.send(samplePage(), soon())).toEqual({ kind: "sent", reference: "dlv_00000000000000f1" });
});
