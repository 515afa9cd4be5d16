import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { configurationDocs } from "../scripts/configuration-docs.ts";
import { configJsonSchema } from "../src/config-schema.ts";
import { errorCodes } from "../src/errors.ts";
import type { JsonSchema } from "../src/json-schema.ts";

describe("what is written about the configuration is up to date; else: node scripts/write-schema.ts", () => {
  test("docs/configuration.schema.json", () => {
    expect(JSON.parse(read("configuration.schema.json"))).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });

  test("docs/configuration.md", () => {
    expect(read("configuration.md")).toBe(configurationDocs(configJsonSchema()));
  });

  test("every key says what it means, and shows a correct value", () => {
    expect(keysWithout(configJsonSchema(), "", ["description", "examples"])).toEqual([]);
  });
});

test("docs/errors.md explains every error code, and no other", () => {
  const explained = [...read("errors.md").matchAll(/^## `([A-Z_]+)`/gm)].map((match) => match[1]);
  expect(explained).toEqual(Object.keys(errorCodes));
  for (const [code, { exit, title }] of Object.entries(errorCodes)) {
    expect(read("errors.md")).toContain(`## \`${code}\` (exit code ${exit})\n\n${title}.`);
  }
});

// helpers

function read(name: string): string {
  return readFileSync(new URL(`../docs/${name}`, import.meta.url), "utf8");
}

/** The paths of keys that lack one of the keywords. A constant `type` is its own example. */
function keysWithout(schema: JsonSchema, path: string, keywords: readonly string[]): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const missing = keywords.filter((keyword) => property[keyword] === undefined && property.const === undefined);
    const here = missing.length === 0 ? [] : [`${path}.${name}: ${missing.join(", ")}`];
    return [...here, ...keysWithout(property, `${path}.${name}`, keywords)];
  });
  const below = [schema.items, schema.additionalProperties, ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  const deeper = below.flatMap((member) => (typeof member === "object" ? keysWithout(member, path, keywords) : []));
  return [...own, ...deeper];
}
