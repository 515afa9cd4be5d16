import MarkdownIt, { type Token } from "markdown-it";
import { plainText } from "../incident/plain-text.ts";

const maxSteps = 6;
const maxStepCharacters = 300;

/** The first six steps below a runbook's `## What to do`, as plain lines; empty when it has none. */
export function runbookSteps(markdown: string): readonly string[] {
  const tokens = new MarkdownIt().parse(markdown, {});
  const heading = tokens.findIndex(
    (token, i) => token.type === "heading_open" && /^what to do$/i.test(tokens[i + 1]?.content.trim() ?? ""),
  );
  if (heading < 0) return [];
  const steps: string[] = [];
  let depth = 0;
  let started = false;
  for (const token of tokens.slice(heading + 3)) {
    if (token.type === "heading_open" && Number(token.tag.slice(1)) <= 2) break;
    if (token.type === "list_item_open" && ++depth === 1) started = false;
    if (token.type === "list_item_close") depth--;
    // The first paragraph of an item is the step; what is nested below it stays in the runbook.
    if (token.type !== "inline" || depth !== 1 || started) continue;
    started = true;
    const step = plainText(inlineText(token), maxStepCharacters);
    if (step !== "") steps.push(step);
    if (steps.length === maxSteps) break;
  }
  return steps;
}

// helpers

function inlineText(token: Token): string {
  return (token.children ?? [])
    .map((child) => (child.type === "softbreak" || child.type === "hardbreak" ? " " : child.content))
    .join("");
}
