// Writes the measured parts of docs/score.md and README.md from what `npm run -s score -- --json` printed:
// node scripts/write-score-docs.ts FILE…
import { readFile, writeFile } from "node:fs/promises";
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
await put("README.md", marksTable(kinds));
await put("docs/score.md", [marksTable(kinds), ...kinds.map(ofKind), "### Missed, and wrong", list()].join("\n\n"));

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

/** Between the two comments. */
async function put(name: string, text: string): Promise<void> {
  const file = new URL(`../${name}`, import.meta.url);
  const [begin, end] = ["<!-- score: begin -->", "<!-- score: end -->"];
  const [before, rest, ...more] = (await readFile(file, "utf8")).split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined || more.length > 0) throw new Error(`${name} needs ${begin} and ${end}, once`);
  await writeFile(file, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}
