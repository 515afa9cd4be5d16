// Writes the measured parts of README.md and bench/README.md from what `npm run -s bench -- --json` printed:
// node scripts/write-bench-docs.ts FILE
import { readFile } from "node:fs/promises";
import type { BenchReport } from "../bench/bench-report.ts";
import { benchSummary, formatsTable } from "./bench-docs.ts";
import { putMeasured } from "./put-measured.ts";

const file = process.argv[2];
if (file === undefined) throw new Error("say which file holds what `npm run -s bench -- --json` printed");
const report = JSON.parse(await readFile(file, "utf8")) as BenchReport;
await putMeasured("README.md", "bench", benchSummary(report));
await putMeasured("bench/README.md", "bench", `${benchSummary(report)}\n\n${formatsTable(report)}`);
