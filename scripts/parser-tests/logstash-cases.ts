import { readFileSync } from "node:fs";
import path from "node:path";
import type { ExpectedRecord, ParserCase } from "./parser-case.ts";

/** The specs whose formats we read. */
const specs = ["httpd", "haproxy", "aws"];

/** Patterns that match no access record of HTTP. */
const noAccessRecord = /ERRORLOG|HAPROXYTCP/;

/** The lines in the specs of Logstash's patterns (`spec/patterns/NAME_spec.rb`), with what they expect. */
export function logstashCases(checkout: string): ParserCase[] {
  return specs.flatMap((spec) => {
    const text = readFileSync(path.join(checkout, "spec", "patterns", `${spec}_spec.rb`), "utf8");
    return blocksOf(text).flatMap(({ pattern, title, body }) =>
      messagesIn(body).map((line, i) => ({
        suite: `Logstash ${spec}`,
        name: `${pattern}: ${title}${i === 0 ? "" : ` (${i + 1})`}`,
        line,
        expected: noAccessRecord.test(pattern) ? undefined : expectedIn(body),
      })),
    );
  });
}

// helpers

interface Block {
  readonly pattern: string;
  readonly title: string;
  /** Its text without what lies in blocks inside it. */
  body: string;
}

/** The spec's blocks, told by their indentation. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  const open: { block: Block; indent: string }[] = [];
  for (const line of text.split("\n")) {
    const start = /^(\s*)(describe_pattern|context|describe)[ (]+["']([^"']*)["'].*\bdo\b/.exec(line);
    const top = open.at(-1);
    if (start !== null) {
      const [, indent = "", kind, title = ""] = start;
      const pattern = kind === "describe_pattern" ? title : (top?.block.pattern ?? title);
      const block = { pattern, title, body: "" };
      blocks.push(block);
      open.push({ block, indent });
    } else if (top !== undefined && line === `${top.indent}end`) open.pop();
    else if (top !== undefined) top.block.body += `${line}\n`;
  }
  return blocks;
}

const literal = /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"/;
const lets = new RegExp(
  String.raw`let\(:(?:message|value\d*)\)\s*(?:do|\{)\s*((?:${literal.source})(?:\s*\+\s*(?:${literal.source}))*)`,
  "g",
);

function messagesIn(body: string): string[] {
  return [...body.matchAll(lets)].map(([, texts = ""]) =>
    [...texts.matchAll(new RegExp(literal, "g"))].map(([text]) => unquote(text)).join(""),
  );
}

/** A text as Ruby quotes it. */
function unquote(quoted: string): string {
  const text = quoted.slice(1, -1);
  if (quoted.startsWith("'")) return text.replaceAll(/\\(['\\])/g, "$1");
  return text.replaceAll(/\\([^])/g, (_, letter: string) => (letter === "t" ? "\t" : letter === "n" ? "\n" : letter));
}

/** Looks through the expectations of both modes, the older first: it has a name of its own for each field. */
function expectedIn(body: string): ExpectedRecord {
  const find = (...patterns: readonly RegExp[]) => {
    for (const pattern of patterns) {
      const found = pattern.exec(body)?.[1];
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const status = find(
    /["'](?:response|http_status_code|sc_status)["']\s*=>\s*["']?(\d{3})/,
    /["']status_code["']\s*=>\s*(\d{3})/,
  );
  const time = find(
    /["'](?:accept_date|request_date)["']\s*=>\s*["']([^"']+)/,
    /["']timestamp["']\s*=>\s*["'](\d+[^"']+)/,
  );
  return {
    client: find(
      /["'](?:clientip|client_ip)["']\s*=>\s*["']([^"']+)/,
      /["'](?:source|client)["']\s*=>\s*(?:hash_including\()?\{[^}]*?["'](?:address|ip)["']\s*=>\s*["']([^"']+)/,
    ),
    method: find(/["'](?:verb|http_verb|cs_method)["']\s*=>\s*["']([^"']+)/, /["']method["']\s*=>\s*["']([^"']+)/),
    path: find(
      /["'](?:request|http_request|cs_uri_stem)["']\s*=>\s*["']([^"']+)/,
      /["']original["']\s*=>\s*["'](\/[^"']*|https?:[^"']*)["']/,
    ),
    status: status === undefined ? undefined : Number(status),
    time: time === undefined ? undefined : timeOf(time),
  };
}

/** Each kind of time in the specs; without a zone it is taken as UTC, as our sources do unless told. */
function timeOf(text: string): number | undefined {
  const clf = /^(\d\d)\/(\w{3})\/(\d{4}):([\d:.]+)(?: ([+-]\d{4}))?$/.exec(text);
  const plain = clf === null ? text.replace(/\t/, "T") : `${clf[1]} ${clf[2]} ${clf[3]} ${clf[4]} ${clf[5] ?? "UTC"}`;
  const ms = Date.parse(/[Z]$|UTC$|[+-]\d{4}$/.test(plain) ? plain : `${plain}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
