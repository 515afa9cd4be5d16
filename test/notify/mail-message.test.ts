import { expect, test } from "vitest";
import { mailMessage } from "../../src/notify/mail-message.ts";
import { giantPage, hostilePage, samplePage } from "../support/sample-page.ts";

test("a page as text", () => {
  expect(mailMessage(samplePage(), "shop.example").text).toMatchInlineSnapshot(`
    "Open: Credential stuffing on login
    Severity critical, team identity, opened 2026-08-22T08:59:00.000Z

    40 of 41 logins from 203.0.113.7 failed, on 38 accounts.

    Figures
      clientIp: 203.0.113.7
      failures: 40

    Evidence
      - 08:58:30.000 POST /api/login 401 from 203.0.113.7 (NL) user u-17 "python-requests/2.32"

    What to do
      1. Look at the evidence.
      2. Was a login ok after the failures?

    Incident: https://gatewatch.shop.example/incidents/inc_00000000000000a1
    Runbook: https://gatewatch.shop.example/runbooks/credential-stuffing

    -- 
    inc_00000000000000a1 | gatewatch@eu-prod
    "
  `);
});

test("a page as HTML says the same", () => {
  expect(mailMessage(samplePage(), "shop.example").html).toMatchInlineSnapshot(`
    "<!doctype html>
    <html lang="en"><body style="font-family: sans-serif">
    <h1>Open: Credential stuffing on login</h1>
    <p>Severity critical, team identity, opened 2026-08-22T08:59:00.000Z</p>
    <p>40 of 41 logins from 203.0.113.7 failed, on 38 accounts.</p>
    <h2>Figures</h2>
    <table>
    <tr><th align="left">clientIp</th><td>203.0.113.7</td></tr>
    <tr><th align="left">failures</th><td>40</td></tr>
    </table>
    <h2>Evidence</h2>
    <ul>
    <li>08:58:30.000 POST /api/login 401 from 203.0.113.7 (NL) user u-17 &quot;python-requests/2.32&quot;</li>
    </ul>
    <h2>What to do</h2>
    <ol>
    <li>Look at the evidence.</li>
    <li>Was a login ok after the failures?</li>
    </ol>
    <p><a href="https://gatewatch.shop.example/incidents/inc_00000000000000a1">Incident</a> | <a href="https://gatewatch.shop.example/runbooks/credential-stuffing">Runbook</a></p>
    <p><small>inc_00000000000000a1 | gatewatch@eu-prod</small></p>
    </body></html>
    "
  `);
});

test("its id comes from the delivery", () => {
  const { messageId, inReplyTo, references } = mailMessage(samplePage(), "shop.example");
  expect({ messageId, inReplyTo, references }).toEqual({
    messageId: "<dlv_00000000000000f1@shop.example>",
    inReplyTo: undefined,
    references: undefined,
  });
});

test("an update threads below the page it belongs to", () => {
  const page = samplePage({ kind: "resolve", deliveryId: "dlv_2", inReplyTo: "dlv_1" });
  const { subject, messageId, inReplyTo, references } = mailMessage(page, "shop.example");
  expect(subject).toBe("[CRITICAL] Resolved: Credential stuffing on login (gatewatch@eu-prod)");
  expect({ messageId, inReplyTo, references }).toEqual({
    messageId: "<dlv_2@shop.example>",
    inReplyTo: "<dlv_1@shop.example>",
    references: "<dlv_1@shop.example>",
  });
});

test("hostile text adds no header, no line and no markup", () => {
  const { subject, text, html } = mailMessage(hostilePage(), "shop.example");
  expect(subject).not.toMatch(/\p{Cc}/u);
  expect(text).not.toMatch(/^Bcc:/m);
  expect(html).not.toMatch(/<script|<!channel|<https/);
  expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(`${text}${html}`).not.toMatch(/[\u202A-\u202E]/);
});

test("a hostile link can't leave its attribute", () => {
  const { html } = mailMessage(samplePage({ incidentUrl: 'https://x.example/"><script>' }), "shop.example");
  expect(html).toContain('href="https://x.example/&quot;&gt;&lt;script&gt;"');
});

test("megabytes become a bounded mail", () => {
  const { subject, text, html } = mailMessage(giantPage(), "shop.example");
  expect(subject.length).toBeLessThanOrEqual(250);
  expect(text.length).toBeLessThan(20_000);
  expect(html.length).toBeLessThan(60_000);
});
