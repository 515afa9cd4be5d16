import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createNotifiers } from "../../src/notify/create-notifiers.ts";
import { channelsConfig } from "../../src/notify/notify-config.ts";
import type { Notifier } from "../../src/notify/notifier.ts";
import { giantPage, hostilePage, samplePage } from "../support/sample-page.ts";
import { startSmtpCapture, type SmtpCapture } from "../support/smtp-capture.ts";
import { testAuthority, type TestAuthority } from "../support/test-authority.ts";

let server: SmtpCapture | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const recipients = ["oncall@shop.example", "second@shop.example"];
const soon = () => AbortSignal.timeout(10_000);

function mailer(smtp: object, to: readonly string[] = recipients): Notifier {
  const config = channelsConfig.parse({ mail: { type: "mail", from: "gatewatch@shop.example", to, smtp } });
  return createNotifiers(config, systemClock).get("mail") as Notifier;
}

describe("without encryption", () => {
  beforeEach(async () => {
    server = await startSmtpCapture({ disabledCommands: ["STARTTLS", "AUTH"] });
  });
  const plain = () => mailer({ host: "127.0.0.1", port: server?.port, tls: "none" });

  test("a page arrives, in text and HTML, with all it has to say", async () => {
    expect(await plain().send(samplePage(), soon())).toEqual({
      kind: "sent",
      reference: "<dlv_00000000000000f1@shop.example>",
    });
    const captured = server?.mails[0];
    expect(captured).toMatchObject({ from: "gatewatch@shop.example", to: recipients });
    expect(captured?.mail.subject).toBe("[CRITICAL] Credential stuffing on login (gatewatch@eu-prod)");
    for (const body of [captured?.mail.text, captured?.mail.html || undefined]) {
      expect(body).toContain("Credential stuffing on login");
      expect(body).toContain("203.0.113.7");
      expect(body).toContain("POST /api/login 401");
      expect(body).toContain("Was a login ok after the failures?");
      expect(body).toContain("https://gatewatch.shop.example/incidents/inc_00000000000000a1");
      expect(body).toContain("https://gatewatch.shop.example/runbooks/credential-stuffing");
    }
    expect(captured?.mail.headers.get("auto-submitted")).toBe("auto-generated");
  });

  test("the resolution threads below it", async () => {
    const mail = plain();
    await mail.send(samplePage(), soon());
    const resolution = { kind: "resolve", deliveryId: "dlv_2", inReplyTo: "dlv_00000000000000f1" } as const;
    await mail.send(samplePage(resolution), soon());
    const [page, end] = server?.mails ?? [];
    expect(end?.mail.messageId).toBe("<dlv_2@shop.example>");
    expect(end?.mail.inReplyTo).toBe(page?.mail.messageId);
    expect(end?.mail.references).toBe(page?.mail.messageId);
  });

  test("hostile text adds no header and no recipient", async () => {
    await plain().send(hostilePage(), soon());
    const captured = server?.mails[0];
    expect(captured?.to).toEqual(recipients);
    expect(captured?.mail.bcc).toBeUndefined();
    expect(captured?.mail.headers.has("bcc")).toBe(false);
    expect(captured?.mail.html).not.toContain("<script");
    expect(captured?.mail.subject).toContain("<!channel>");
  });

  test("megabytes of hostile text are a small mail", async () => {
    await plain().send(giantPage(), soon());
    expect(server?.mails[0]?.raw.length).toBeLessThan(120_000);
  });
});

const authority: TestAuthority | undefined = testAuthority();
describe.skipIf(!authority)("encrypted (needs openssl for a certificate)", () => {
  const credentials = { username: "gatewatch", password: "secret" };

  async function start(secure: boolean): Promise<number> {
    server = await startSmtpCapture({
      secure,
      key: authority?.key,
      cert: authority?.cert,
      authOptional: false,
      onAuth(auth, _session, callback) {
        const isRight = auth.username === credentials.username && auth.password === credentials.password;
        callback(isRight ? null : Object.assign(new Error("wrong"), { responseCode: 535 }), { user: auth.username });
      },
    });
    return server.port;
  }

  test.for([
    ["starttls", false],
    ["tls", true],
  ] as const)("%s, signed in, with our own authority", async ([tls, secure]) => {
    const port = await start(secure);
    const mail = mailer({ host: "localhost", port, tls, ca: authority?.cert, ...credentials });
    expect(await mail.send(samplePage(), soon())).toMatchObject({ kind: "sent" });
    expect(server?.mails[0]?.secure).toBe(true);
  });

  test("a wrong password is refused for good", async () => {
    const port = await start(true);
    const mail = mailer({ host: "localhost", port, tls: "tls", ca: authority?.cert, username: "x", password: "y" });
    expect(await mail.send(samplePage(), soon())).toMatchObject({ kind: "refused", reason: "unauthorized" });
  });

  test("an unknown authority is not trusted, and nothing is sent", async () => {
    const port = await start(true);
    const mail = mailer({ host: "localhost", port, tls: "tls", ...credentials });
    expect(await mail.send(samplePage(), soon())).toMatchObject({ kind: "retry", reason: "network" });
    expect(server?.mails).toEqual([]);
  });
});

test("a server without STARTTLS gets nothing", async () => {
  server = await startSmtpCapture({ disabledCommands: ["STARTTLS"] });
  const mail = mailer({ host: "localhost", port: server.port, tls: "starttls" });
  expect((await mail.send(samplePage(), soon())).kind).not.toBe("sent");
  expect(server.mails).toEqual([]);
});

test("a recipient that the server doesn't take is named", async () => {
  server = await startSmtpCapture({
    disabledCommands: ["STARTTLS", "AUTH"],
    onRcptTo(address, _session, callback) {
      callback(address.address.startsWith("gone") ? Object.assign(new Error("gone"), { responseCode: 550 }) : null);
    },
  });
  const mail = mailer({ host: "127.0.0.1", port: server.port, tls: "none" }, [
    "oncall@shop.example",
    "gone@shop.example",
  ]);
  const result = await mail.send(samplePage(), soon());
  expect(result).toMatchObject({ kind: "sent", reference: expect.stringContaining("not taken for gone@shop.example") });
});
