import { z } from "zod";
import { formatPath, parseConfigText, type ConfigPath } from "../config-document.ts";
import { describeIssues } from "../config-problems.ts";
import type { JsonSchema } from "../json-schema.ts";
import type { Problem } from "../errors.ts";
import { compileCondition, conditionFields } from "./condition.ts";
import { runbookFrontMatter, type RunbookFrontMatter } from "./runbook-front-matter.ts";
import { runbookSections } from "./runbook-steps.ts";
import type { Runbook } from "./runbook.ts";

/** A runbook, or everything that is wrong with its file. */
export type ParsedRunbook =
  | { readonly kind: "good"; readonly runbook: Runbook }
  | { readonly kind: "bad"; readonly problems: readonly Problem[] };

/** Reads one runbook from its text. `id` is the file's name without `.md`. */
export function parseRunbook(file: string, id: string, text: string): ParsedRunbook {
  const parts = /^---[ \t]*\r?\n([\s\S]*?)^---[ \t]*(?:\r?\n|$)([\s\S]*)$/m.exec(text);
  if (!parts || !text.startsWith("---")) return bad([noFrontMatter(file)]);
  const [, head = "", steps = ""] = parts;
  const firstLineOfSteps = text.slice(0, text.length - steps.length).split("\n").length;

  const problems: Problem[] = [];
  if (!/^[a-z0-9][a-z0-9-]{0,79}$/.test(id)) {
    problems.push({ file, path: "line 1", line: 1, message: "a runbook's file name consists of lower-case letters, digits and hyphens", example: "slow-checkout.md" }); // prettier-ignore
  }
  const rule = readRule(file, head);
  problems.push(...rule.problems, ...checkSections({ file, steps, firstLine: firstLineOfSteps }));
  if (rule.value === undefined || problems.length > 0) return bad(problems);
  return { kind: "good", runbook: toRunbook({ id, file, steps }, rule.value) };
}

// helpers

function bad(problems: readonly Problem[]): ParsedRunbook {
  return { kind: "bad", problems };
}

function noFrontMatter(file: string): Problem {
  return {
    file,
    path: "line 1",
    line: 1,
    message: "expected the rule first, between two lines of `---`",
    example: "---\ntitle: Slow checkout\nmatch: { detector: [payment-storm] }\nseverity: high\n---",
  };
}

function readRule(file: string, head: string): { value?: RunbookFrontMatter; problems: Problem[] } {
  const document = parseConfigText(head);
  // The rule begins on the file's second line.
  const lineOf = (path: ConfigPath) => (document.lineOf(path) ?? 1) + 1;
  const at = (path: ConfigPath, line = lineOf(path)) => ({
    file,
    path: path.length === 0 ? `line ${line}` : formatPath(path),
    line,
  });
  const problems: Problem[] = document.findings.map(({ path, line, message }) => ({
    ...at(path, line === undefined ? undefined : line + 1),
    message,
  }));
  if (document.unreadable) return { problems };

  const checked = runbookFrontMatter.safeParse(document.value);
  const issues = describeIssues(checked.error?.issues ?? [], { value: document.value, schema: ruleSchema });
  problems.push(...issues.map(({ path, message, example }) => ({ ...at(path), message, ...(example && { example }) })));

  const when = (document.value as { when?: unknown } | null)?.when;
  const compiled = typeof when === "string" ? compileCondition(when) : undefined;
  if (compiled && "error" in compiled) {
    const { message, start, end } = compiled.error;
    problems.push({
      ...at(["when"]),
      message: `${message}, at character ${start + 1}: \`${String(when).slice(start, end) || "the end"}\`; ${knownFields}`,
      example: 'when: detection.counters.failures >= 10 && detection.severity in ["high", "critical"]',
    });
  }
  return checked.success ? { value: checked.data, problems } : { problems };
}

const ruleSchema = z.toJSONSchema(runbookFrontMatter, {
  io: "input",
  unrepresentable: "any",
  override({ zodSchema, jsonSchema }) {
    const examples = z.globalRegistry.get(zodSchema)?.examples;
    if (Array.isArray(examples)) jsonSchema.examples ??= examples;
  },
}) as JsonSchema;

const knownFields = Object.entries(conditionFields)
  .map(([name, fields]) => `${name} has ${Object.keys(fields).join(", ")}`)
  .join("; ");

const requiredSections = ["What is going on", "What to do"] as const;

/** People look for the same two headings in every runbook, and for numbered steps. */
function checkSections(body: { file: string; steps: string; firstLine: number }): Problem[] {
  const { file, firstLine } = body;
  const sections = runbookSections(body.steps);
  const at = (line: number) => ({ file, path: `line ${line}`, line });
  const missing = requiredSections.filter((heading) => !sections.some((section) => section.heading === heading));
  const problems: Problem[] = missing.map((heading) => ({
    ...at(firstLine),
    message: `the section "${heading}" is missing`,
    example: `## ${heading}`,
  }));
  const toDo = sections.find((section) => section.heading === "What to do");
  if (toDo && toDo.steps.length === 0) {
    problems.push({
      ...at(firstLine + toDo.line - 1),
      message: 'the section "What to do" has no numbered steps',
      example: "1. Look at the incident's evidence: are these customers?",
    });
  }
  return problems;
}

function toRunbook(file: { id: string; file: string; steps: string }, rule: RunbookFrontMatter): Runbook {
  const { match, query, block } = rule;
  return {
    id: file.id,
    file: file.file,
    title: rule.title,
    match: match && { detector: match.detector, severity: match.severity },
    query: query && { sql: query.sql, everyMs: query.every, key: query.key },
    when: rule.when,
    group: rule.group,
    severity: rule.severity,
    page: rule.page,
    block: block && {
      action: block.action,
      forMs: block.for,
      repeat: block.repeat && { factor: block.repeat.factor, maxMs: block.repeat.max },
      softer: block.softer,
      dryRun: block.dryRun,
      confidence: block.confidence,
    },
    inhibits: rule.inhibits,
    resolveAfterMs: rule.resolve.after,
    steps: file.steps.trim(),
  };
}
