// Writes the measured parts of docs/score.md and README.md from what `npm run -s score -- --json` printed:
// node scripts/write-score-docs.ts FILE…
import { readFile } from "node:fs/promises";
import { putMeasured } from "./put-measured.ts";
import {
  blindIn,
  detectorsTable,
  marksTable,
  measuredKinds,
  missedLines,
  type MeasuredKind,
  type PrintedScore,
} from "./score-docs.ts";

const printed = await Promise.all(
  process.argv.slice(2).map(async (file) => JSON.parse(await readFile(file, "utf8")) as PrintedScore),
);
const kinds = measuredKinds(printed);
if (kinds.length === 0) throw new Error("say which files hold what `npm run -s score -- --json` printed");
await putMeasured("README.md", "score", marksTable(kinds));
await putMeasured(
  "docs/score.md",
  "score",
  [marksTable(kinds), ...kinds.map(ofKind), "### Missed, and wrong", list()].join("\n\n"),
);

function ofKind({ kind, score, seeds }: MeasuredKind): string {
  const blind = blindIn(score);
  return [
    `### ${kind[0]!.toUpperCase()}${kind.slice(1)} logs, by detector`,
    `\`npm run -s score -- --seeds ${seeds} --kind ${kind}\``,
    detectorsTable({ score }),
    ...(blind.length === 0 ? [] : [`Blind here: ${blind.join(", ")}.`]),
  ].join("\n\n");
}

function list(): string {
  const lines = missedLines(kinds);
  return lines.length === 0 ? "Nothing." : lines.map((line) => `- ${line}`).join("\n");
}
