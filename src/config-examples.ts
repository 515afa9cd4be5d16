import { stringify } from "yaml";
import type { ConfigPath } from "./config-document.ts";
import type { JsonSchema } from "./json-schema.ts";

/** What the schema says about `path`. Where it offers choices, `value` (the file's data) tells which was meant. */
export function schemaAt(root: JsonSchema, path: ConfigPath, value: unknown): JsonSchema | undefined {
  let schema: JsonSchema | undefined = root;
  let data = value;
  for (const key of path) {
    if (schema === undefined) return undefined;
    schema = step(choose(schema, data), key);
    data = childOf(data, key);
  }
  return schema;
}

/** The keys that are known at `path`. */
export function keysAt(root: JsonSchema, path: ConfigPath, value: unknown): readonly string[] {
  const schema = schemaAt(root, path, value);
  return schema === undefined ? [] : Object.keys(choose(schema, valueAt(value, path)).properties ?? {});
}

/** The names a choice by `type` knows (`kafka`, `http`, …). */
export function choicesAt(schema: JsonSchema | undefined, discriminator: string): readonly string[] {
  return members(schema).flatMap((member) => {
    const name = member.properties?.[discriminator]?.const;
    return typeof name === "string" ? [name] : [];
  });
}

/** A correct value as it would be written in the file: `brokers: [ kafka-1:9092 ]`. */
export function exampleText(schema: JsonSchema | undefined, path: ConfigPath): string | undefined {
  const value = schema === undefined ? undefined : exampleOf(schema);
  if (value === undefined) return undefined;
  const key = path.at(-1);
  const written = typeof key === "string" ? { [key]: value } : [value];
  const text = stringify(written, { collectionStyle: "flow", lineWidth: 0 }).trim();
  return text.slice(1, -1).trim();
}

/** The file's data at `path`; `undefined` where it ends before. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  return path.reduce(childOf, value);
}

// helpers

function members(schema: JsonSchema | undefined): readonly JsonSchema[] {
  return schema?.oneOf ?? schema?.anyOf ?? [];
}

function step(schema: JsonSchema, key: string | number): JsonSchema | undefined {
  if (typeof key === "number") return schema.items;
  const known = schema.properties && Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
  if (known) return known;
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

function childOf(value: unknown, key: string | number): unknown {
  if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string | number, unknown>)[key];
}

/** Of several shapes, the one that `value` is meant to have: by its constant keys, else by its type. */
function choose(schema: JsonSchema, value: unknown): JsonSchema {
  const list = members(schema);
  if (list.length === 0) return schema;
  const byConstant = list.find((member) =>
    Object.entries(member.properties ?? {}).some(
      ([key, property]) => property.const !== undefined && property.const === childOf(value, key),
    ),
  );
  const type = Array.isArray(value) ? "array" : typeof value;
  return byConstant ?? list.find((member) => member.type === type && member.properties?.type === undefined) ?? schema;
}

function exampleOf(schema: JsonSchema): unknown {
  const given = schema.examples?.[0] ?? schema.const ?? schema.enum?.[0];
  if (given !== undefined) return given;
  const first = members(schema)[0];
  if (first) return exampleOf(first);
  if (schema.items) {
    const item = exampleOf(schema.items);
    return item === undefined ? undefined : [item];
  }
  if (!schema.properties) return schema.default;
  const required = schema.required ?? [];
  const entries = required.flatMap((key) => {
    const value = schema.properties?.[key] && exampleOf(schema.properties[key]);
    return value === undefined ? [] : [[key, value] as const];
  });
  return entries.length === 0 ? schema.default : Object.fromEntries(entries);
}
