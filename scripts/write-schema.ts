// Writes docs/configuration.schema.json and docs/configuration.md from the schema. Run it when a
// configuration key changed: node scripts/write-schema.ts
import { writeFile } from "node:fs/promises";
import { configJsonSchema } from "../src/config-schema.ts";
import { configurationDocs } from "./configuration-docs.ts";

const schema = configJsonSchema();
const docs = new URL("../docs/", import.meta.url);
await writeFile(new URL("configuration.schema.json", docs), `${JSON.stringify(schema, undefined, 2)}\n`);
await writeFile(new URL("configuration.md", docs), configurationDocs(schema));
