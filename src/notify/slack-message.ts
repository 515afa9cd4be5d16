import { plainText } from "../incident/plain-text.ts";
import type { Page } from "./notifier.ts";

/**
 * Slack's limits: 150 characters in a header, 3000 in a text, 2000 in a field, 50 blocks. The
 * parts below add up to less than 10,000 characters, since more than about 13,000 are refused.
 */
const limits = { header: 150, summary: 1_200, field: 250, line: 300, note: 150, fallback: 500 };

/** A page as a Slack message (Block Kit); every text from outside is escaped. */
export function slackMessage(page: Page): { text: string; blocks: SlackBlock[] } {
  const heading = `${marks[page.kind]}${page.kind === "resolve" ? "" : ` [${page.severity}]`} ${page.title}`;
  const blocks: SlackBlock[] = [
    { type: "header", text: { type: "plain_text", text: escaped(heading, limits.header), emoji: false } },
    { type: "section", text: mrkdwn(escaped(page.summary, limits.summary) || "–") },
  ];
  if (page.facts.length > 0) blocks.push({ type: "section", fields: page.facts.slice(0, 10).map(field) });
  if (page.evidence.length > 0) blocks.push(list(evidenceTitle(page), page.evidence.slice(0, 5), () => "•"));
  // Who is told that it is over, or that somebody is on it, needs no instructions.
  if (page.kind === "trigger" && page.steps.length > 0) {
    blocks.push(list("What to do", page.steps.slice(0, 6), (i) => `${i + 1}.`));
  }
  blocks.push(buttons(page), context(page));
  return { text: escaped(`${heading}: ${page.summary}`, limits.fallback), blocks };
}

interface Text {
  readonly type: "mrkdwn" | "plain_text";
  readonly text: string;
  readonly verbatim?: boolean;
  readonly emoji?: boolean;
}

export type SlackBlock =
  | { readonly type: "header"; readonly text: Text }
  | { readonly type: "section"; readonly text?: Text; readonly fields?: readonly Text[] }
  | { readonly type: "context"; readonly elements: readonly Text[] }
  | { readonly type: "actions"; readonly elements: readonly { type: "button"; text: Text; url: string }[] };

// helpers

const marks = { trigger: "Open", acknowledge: "Acknowledged", resolve: "Resolved", summary: "Summary" } as const;

function field([name, value]: readonly [string, string]): Text {
  return mrkdwn(`*${escaped(name, 60)}*\n${escaped(value, limits.field - 64) || "–"}`);
}

function list(title: string, lines: readonly string[], mark: (index: number) => string): SlackBlock {
  const text = lines.map((line, i) => `${mark(i)} ${escaped(line, limits.line)}`).join("\n");
  return { type: "section", text: mrkdwn(`*${title}*\n${text}`) };
}

function evidenceTitle(page: Page): string {
  return page.kind === "summary" ? "Open incidents" : "Evidence";
}

function buttons(page: Page): SlackBlock {
  const button = (text: string, url: string) =>
    ({ type: "button", text: { type: "plain_text", text }, url: url.slice(0, 3000) }) as const;
  const incident = button(page.kind === "summary" ? "Incidents" : "Incident", page.incidentUrl);
  const elements = page.kind === "summary" ? [incident] : [incident, button("Runbook", page.runbookUrl)];
  return { type: "actions", elements };
}

function context(page: Page): SlackBlock {
  const opened = `opened ${new Date(page.openedAt).toISOString()}`;
  const notes = [page.incidentId, page.service, `team ${page.team}`, opened];
  return { type: "context", elements: notes.map((note) => mrkdwn(escaped(note, limits.note))) };
}

/** `verbatim`: Slack makes no links or mentions of what it finds in the text. */
function mrkdwn(text: string): Text {
  return { type: "mrkdwn", text, verbatim: true };
}

/** One plain line of at most `limit` characters after escaping; `<!channel>` becomes text. */
function escaped(text: string, limit: number): string {
  let out = "";
  for (const character of plainText(text, limit)) {
    const safe = escapes[character] ?? character;
    if (out.length + safe.length > limit - 1) return `${out}…`;
    out += safe;
  }
  return out;
}

/** Slack's three characters, and the one that would turn the rest of a text into code. */
const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "'" };
