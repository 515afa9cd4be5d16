import { plainText } from "../incident/plain-text.ts";
import type { Page } from "./notifier.ts";

/** A page as a mail: what varies between channels (from, to) is left to the notifier. */
export interface MailMessage {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly inReplyTo: string | undefined;
  readonly references: string | undefined;
}

/**
 * Says the same in text and HTML. Ids come from the delivery, so that a mail that was sent twice is
 * recognised by servers that look, and an update threads below the page it belongs to.
 */
export function mailMessage(page: Page, domain: string): MailMessage {
  const parent = page.inReplyTo === undefined ? undefined : messageId(page.inReplyTo, domain);
  const lines = clean(page);
  return {
    subject: plainText(`${prefix(page)} ${lines.title} (${lines.service})`, 200),
    text: textBody(lines),
    html: htmlBody(lines),
    messageId: messageId(page.deliveryId, domain),
    inReplyTo: parent,
    references: parent,
  };
}

// helpers

const states = { trigger: "Open", acknowledge: "Acknowledged", resolve: "Resolved", summary: "Summary" } as const;

/** The page with bounded, plain lines: what is left to do is to escape it. */
function clean(page: Page) {
  const withSteps = page.kind === "trigger";
  return {
    ...page,
    title: plainText(page.title, 150),
    summary: plainText(page.summary, 1_000),
    service: plainText(page.service, 100),
    team: plainText(page.team, 100),
    facts: page.facts.slice(0, 10).map(([name, value]) => [plainText(name, 60), plainText(value, 200)] as const),
    evidence: page.evidence.slice(0, 5).map((line) => plainText(line, 400)),
    steps: withSteps ? page.steps.slice(0, 6).map((line) => plainText(line, 300)) : [],
    heading: states[page.kind],
    opened: new Date(page.openedAt).toISOString(),
    links: [["Incident", page.incidentUrl], ...(page.kind === "summary" ? [] : [["Runbook", page.runbookUrl]])] as [
      string,
      string,
    ][],
  };
}

type Lines = ReturnType<typeof clean>;

function prefix(page: Page): string {
  const severity = `[${page.severity.toUpperCase()}]`;
  return page.kind === "trigger" || page.kind === "summary" ? severity : `${severity} ${states[page.kind]}:`;
}

/** Only what our own ids are made of can be in a header. */
function messageId(deliveryId: string, domain: string): string {
  return `<${deliveryId.replaceAll(/[^A-Za-z0-9_-]/g, "").slice(0, 64)}@${domain}>`;
}

function textBody(page: Lines): string {
  const facts = page.facts.map(([name, value]) => `  ${name}: ${value}`);
  const blocks = [
    [`${page.heading}: ${page.title}`, `Severity ${page.severity}, team ${page.team}, opened ${page.opened}`],
    [page.summary],
    titled("Figures", facts),
    titled(
      page.kind === "summary" ? "Open incidents" : "Evidence",
      page.evidence.map((line) => `  - ${line}`),
    ),
    titled(
      "What to do",
      page.steps.map((line, i) => `  ${i + 1}. ${line}`),
    ),
    page.links.map(([name, url]) => `${name}: ${url}`),
    [`-- `, `${page.incidentId} | ${page.service}`],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n"))
    .join("\n\n")}\n`;
}

function titled(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines];
}

function htmlBody(page: Lines): string {
  const items = (tag: "ul" | "ol", title: string, lines: readonly string[]) =>
    lines.length === 0
      ? ""
      : `<h2>${escapeHtml(title)}</h2>\n<${tag}>\n${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join("\n")}\n</${tag}>\n`;
  const rows = page.facts.map(
    ([name, value]) => `<tr><th align="left">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  const links = page.links.map(([name, url]) => `<a href="${escapeHtml(url)}">${name}</a>`);
  return [
    `<!doctype html>\n<html lang="en"><body style="font-family: sans-serif">\n`,
    `<h1>${escapeHtml(`${page.heading}: ${page.title}`)}</h1>\n`,
    `<p>Severity ${page.severity}, team ${escapeHtml(page.team)}, opened ${page.opened}</p>\n`,
    `<p>${escapeHtml(page.summary)}</p>\n`,
    rows.length === 0 ? "" : `<h2>Figures</h2>\n<table>\n${rows.join("\n")}\n</table>\n`,
    items("ul", page.kind === "summary" ? "Open incidents" : "Evidence", page.evidence),
    items("ol", "What to do", page.steps),
    `<p>${links.join(" | ")}</p>\n`,
    `<p><small>${escapeHtml(`${page.incidentId} | ${page.service}`)}</small></p>\n</body></html>\n`,
  ].join("");
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => htmlEscapes[character] ?? "");
}

const htmlEscapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
