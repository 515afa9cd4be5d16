import { describe, expect, test } from "vitest";
import { slackMessage, type SlackBlock } from "../../src/notify/slack-message.ts";
import { giantPage, hostilePage, hostileText, samplePage } from "../support/sample-page.ts";

test("a page in blocks", () => {
  expect(slackMessage(samplePage())).toMatchInlineSnapshot(`
    {
      "blocks": [
        {
          "text": {
            "emoji": false,
            "text": "Open [critical] Credential stuffing on login",
            "type": "plain_text",
          },
          "type": "header",
        },
        {
          "text": {
            "text": "40 of 41 logins from 203.0.113.7 failed, on 38 accounts.",
            "type": "mrkdwn",
            "verbatim": true,
          },
          "type": "section",
        },
        {
          "fields": [
            {
              "text": "*clientIp*
    203.0.113.7",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "*failures*
    40",
              "type": "mrkdwn",
              "verbatim": true,
            },
          ],
          "type": "section",
        },
        {
          "text": {
            "text": "*Evidence*
    • 08:58:30.000 POST /api/login 401 from 203.0.113.7 (NL) user u-17 "python-requests/2.32"",
            "type": "mrkdwn",
            "verbatim": true,
          },
          "type": "section",
        },
        {
          "text": {
            "text": "*What to do*
    1. Look at the evidence.
    2. Was a login ok after the failures?",
            "type": "mrkdwn",
            "verbatim": true,
          },
          "type": "section",
        },
        {
          "elements": [
            {
              "text": {
                "text": "Incident",
                "type": "plain_text",
              },
              "type": "button",
              "url": "https://gatewatch.shop.example/incidents/inc_00000000000000a1",
            },
            {
              "text": {
                "text": "Runbook",
                "type": "plain_text",
              },
              "type": "button",
              "url": "https://gatewatch.shop.example/runbooks/credential-stuffing",
            },
          ],
          "type": "actions",
        },
        {
          "elements": [
            {
              "text": "inc_00000000000000a1",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "gatewatch@eu-prod",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "team identity",
              "type": "mrkdwn",
              "verbatim": true,
            },
            {
              "text": "opened 2026-08-22T08:59:00.000Z",
              "type": "mrkdwn",
              "verbatim": true,
            },
          ],
          "type": "context",
        },
      ],
      "text": "Open [critical] Credential stuffing on login: 40 of 41 logins from 203.0.113.7 failed, on 38 accounts.",
    }
  `);
});

test.for([
  ["acknowledge", "Acknowledged Credential stuffing on login"],
  ["resolve", "Resolved Credential stuffing on login"],
] as const)("%s says so, and needs no steps", ([kind, heading]) => {
  const message = slackMessage(samplePage({ kind, severity: "high" }));
  expect(JSON.stringify(message)).not.toContain("What to do");
  expect(message.text.replace(" [high]", "")).toContain(heading);
});

test("a summary lists incidents and links to all of them", () => {
  const text = JSON.stringify(slackMessage(samplePage({ kind: "summary", evidence: ["[high] Incident 1"] })));
  expect(text).toContain("Open incidents");
  expect(text).not.toContain("Runbook");
});

test("nothing from a log line can mention, link or format as code", () => {
  const text = JSON.stringify(slackMessage(hostilePage()));
  expect(text).toContain("&lt;!channel&gt;");
  expect(text).not.toMatch(/<!|<https|`/);
  const mrkdwn = texts(slackMessage(hostilePage()).blocks).filter((t) => t.type === "mrkdwn");
  expect(mrkdwn.every((t) => t.verbatim === true)).toBe(true);
});

describe("Slack's limits", () => {
  const message = slackMessage(giantPage());

  test("hold for each part", () => {
    const { blocks } = message;
    const headers = blocks.filter((block) => block.type === "header");
    const sections = blocks.filter((block) => block.type === "section");
    const contexts = blocks.filter((block) => block.type === "context");
    expect(blocks.length).toBeLessThanOrEqual(50);
    expect(longest(headers.map(({ text }) => text))).toBeLessThanOrEqual(150);
    expect(longest(sections.flatMap(({ text }) => text ?? []))).toBeLessThanOrEqual(3_000);
    expect(longest(sections.flatMap(({ fields }) => fields ?? []))).toBeLessThanOrEqual(2_000);
    expect(Math.max(...sections.map(({ fields }) => fields?.length ?? 0))).toBe(10);
    expect(Math.max(...contexts.map(({ elements }) => elements.length))).toBeLessThanOrEqual(10);
  });

  test("hold for the whole", () => {
    const total = texts(message.blocks).reduce((sum, t) => sum + t.text.length, message.text.length);
    expect(total).toBeLessThan(10_000);
  });

  test("never cut an escape or a character in two", () => {
    for (const { text } of texts(message.blocks)) {
      expect(text.isWellFormed()).toBe(true);
      expect(text.replaceAll(/&(amp|lt|gt);/g, "")).not.toContain("&");
    }
  });
});

test("empty texts are no empty blocks, which Slack refuses", () => {
  const message = slackMessage(samplePage({ summary: "", facts: [["", ""]], evidence: [], steps: [] }));
  expect(texts(message.blocks).every((t) => t.text.trim() !== "")).toBe(true);
});

test("hostile text stays one line", () => {
  expect(hostileText).toContain("\r\n");
  expect(slackMessage(hostilePage()).text).not.toMatch(/[\r\n]/);
});

// helpers

type Text = { readonly type: string; readonly text: string; readonly verbatim?: boolean };

function longest(all: readonly Text[]): number {
  return Math.max(...all.map(({ text }) => text.length));
}

function texts(blocks: readonly SlackBlock[]): Text[] {
  return blocks.flatMap((block): Text[] => {
    if (block.type === "header") return [block.text];
    if (block.type === "context") return [...block.elements];
    if (block.type === "actions") return block.elements.map((button) => button.text);
    return [...(block.text ? [block.text] : []), ...(block.fields ?? [])];
  });
}
