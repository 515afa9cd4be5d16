import type { Page } from "../../src/notify/notifier.ts";

/** A page about credential stuffing, as a channel gets it. */
export function samplePage(over: Partial<Page> = {}): Page {
  return {
    deliveryId: "dlv_00000000000000f1",
    kind: "trigger",
    incidentId: "inc_00000000000000a1",
    title: "Credential stuffing on login",
    severity: "critical",
    summary: "40 of 41 logins from 203.0.113.7 failed, on 38 accounts.",
    state: "open",
    openedAt: Date.parse("2026-08-22T08:59:00.000Z"),
    at: Date.parse("2026-08-22T09:00:00.000Z"),
    team: "identity",
    service: "gatewatch@eu-prod",
    facts: [
      ["clientIp", "203.0.113.7"],
      ["failures", "40"],
    ],
    evidence: ['08:58:30.000 POST /api/login 401 from 203.0.113.7 (NL) user u-17 "python-requests/2.32"'],
    steps: ["Look at the evidence.", "Was a login ok after the failures?"],
    incidentUrl: "https://gatewatch.shop.example/incidents/inc_00000000000000a1",
    runbookUrl: "https://gatewatch.shop.example/runbooks/credential-stuffing",
    ...over,
  };
}

/** What an attacker would put into a user agent, a path or a name. */
export const hostileText =
  '<!channel> <https://evil.example|click> <script>alert(1)</script> & "quoted" `code`\r\nBcc: victim@shop.example\r\n\r\nbody \u001b[31mred\u001b[0m \u202Egnp.exe\u202C \u0000nul';

/** A page in which every text is hostile. */
export function hostilePage(over: Partial<Page> = {}): Page {
  return samplePage({
    title: hostileText,
    summary: hostileText,
    team: hostileText,
    service: hostileText,
    facts: [[hostileText, hostileText]],
    evidence: [hostileText],
    steps: [hostileText],
    ...over,
  });
}

/** A page in which every text is a megabyte long. */
export function giantPage(over: Partial<Page> = {}): Page {
  const giant = "<&>é🦊".repeat(150_000);
  return samplePage({
    title: giant,
    summary: giant,
    team: giant,
    service: giant,
    facts: Array.from({ length: 50 }, () => [giant, giant] as const),
    evidence: Array.from({ length: 50 }, () => giant),
    steps: Array.from({ length: 50 }, () => giant),
    ...over,
  });
}
