import { blockLines } from "./try-block-text.ts";
import { findingLines } from "./try-finding-text.ts";
import { logLines } from "./try-log-text.ts";
import type { TryReport } from "./try-report.ts";
import { terminalText } from "./terminal-text.ts";

/** The report for people, as text for a terminal. */
export function tryText(report: TryReport): string {
  const sections = [
    ...logLines(report),
    ...(report.lines.read === 0 ? [] : [...findingLines(report), ...blockLines(report)]),
    { title: "Nothing was started, sent or written.", lines: [] },
  ];
  return sections
    .map(({ title, lines }) => [title, ...lines.map((line) => `  ${line}`)].map(terminalText).join("\n"))
    .join("\n\n")
    .concat("\n");
}
