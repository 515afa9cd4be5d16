import { GatewatchError, type Problem } from "../errors.ts";
import { terminalText } from "./terminal-text.ts";

/** An error as text for a terminal: what is wrong, each problem with its place, and how to mend it. */
export function describeError(error: unknown): string {
  if (!(error instanceof GatewatchError)) return `gatewatch: ${describeUnexpected(error)}\n`;
  const parts = [
    `gatewatch: ${terminalText(error.message)} [${error.code}]\n`,
    ...error.problems.map(describeProblem),
    error.remedy === undefined ? "" : `${terminalText(error.remedy)}\n`,
  ];
  return parts.filter((part) => part !== "").join("\n");
}

/** One problem: its place on the first line, then what was expected, then an example. */
export function describeProblem(problem: Problem): string {
  const { file, line, path, message, example } = problem;
  const known = line === undefined || path.startsWith("line ") ? file : `${file}:${line}`;
  const place = path === "" ? known : `${known}: ${path}`;
  const lines = [`  ${terminalText(place)}`, `    ${terminalText(message)}`];
  if (example !== undefined) lines.push(...example.split("\n").map((part, index) => exampleLine(part, index)));
  return `${lines.join("\n")}\n`;
}

// helpers

function exampleLine(part: string, index: number): string {
  return `    ${index === 0 ? "for example" : "           "}  ${terminalText(part)}`;
}

/** A bug: the stack tells where. */
function describeUnexpected(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.split("\n").map(terminalText).join("\n");
}
