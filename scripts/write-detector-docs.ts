// Writes the generated part of docs/detectors.md. Run it when a shipped detector changed:
// node scripts/write-detector-docs.ts
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { loadDetectors } from "../src/detect/load-detectors.ts";
import { withDetectorDocs } from "./detector-docs.ts";

const { detectors, problems } = await loadDetectors([fileURLToPath(new URL("../detectors", import.meta.url))]);
if (problems.length > 0) throw new Error(problems.map(({ file, message }) => `${file}: ${message}`).join("\n"));
const docs = new URL("../docs/detectors.md", import.meta.url);
const definitions = detectors.map(({ definition }) => definition);
await writeFile(docs, withDetectorDocs(await readFile(docs, "utf8"), definitions));
