import { closestMatch } from "leven";
import type { z } from "zod";
import type { ConfigPath, Finding } from "./config-document.ts";
import { choicesAt, exampleText, keysAt, schemaAt, valueAt } from "./config-examples.ts";
import type { JsonSchema } from "./json-schema.ts";

/** The file's data, and the schema it was checked with. */
interface Context {
  readonly value: unknown;
  readonly schema: JsonSchema;
}

/**
 * Says in plain words what zod found: what was expected at each path, what is there (its kind, never
 * its value, which may be a secret), and an example from the schema.
 */
export function describeIssues(issues: readonly z.core.$ZodIssue[], context: Context): Finding[] {
  return issues.flatMap((issue) => describe(issue, [], context));
}

/** As `describeIssues`, for data that stands at `base` in the configuration and has a schema of its own. */
export function describeIssuesAt(
  base: readonly string[],
  options: { issues: readonly z.core.$ZodIssue[]; value: unknown; schema: JsonSchema },
): Finding[] {
  const nest = <T>(inner: T, wrap: (key: string, inner: T) => T) =>
    base.reduceRight((rest, key) => wrap(key, rest), inner);
  return describeIssues(
    options.issues.map((issue) => ({ ...issue, path: [...base, ...issue.path] })),
    {
      value: nest(options.value, (key, inner) => ({ [key]: inner })),
      schema: nest(options.schema, (key, inner) => ({ properties: { [key]: inner } })),
    },
  );
}

/** The known name that `name` was probably meant to be. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  return closestMatch(name, known, { maxDistance: Math.max(2, Math.floor(name.length / 3)) });
}

// helpers

function describe(issue: z.core.$ZodIssue, base: ConfigPath, context: Context): Finding[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const found = valueAt(context.value, path);
  const schema = schemaAt(context.schema, path, context.value);
  const finding = (message: string): Finding[] => [{ path, message, example: exampleText(schema, path) }];
  const missing = (expected: string) => finding(`is missing; expected ${expected}${meaning(schema)}`);

  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey([...path, key], context));
    case "invalid_type": {
      const expected = kindNames[issue.expected] ?? issue.expected;
      if (found === undefined) return missing(expected);
      return finding(`expected ${expected}${meaning(schema)}, found ${kindOf(found)}`);
    }
    case "invalid_value": {
      const names = issue.values.map(String);
      const meant = suggestion(found, names);
      // A long list helps nobody who only mistyped one of its names.
      const isLong = names.length > 24 && meant.includes("did you mean");
      const expected = isLong ? "a known name" : names.length === 1 ? `${names[0]}` : `one of ${names.join(", ")}`;
      if (found === undefined) return missing(expected);
      return finding(`expected ${expected}${meant}`);
    }
    case "invalid_union":
      return issue.errors.length > 0 ? bestMember(issue, path, context) : [unknownChoice(issue, path, context)];
    case "invalid_key":
      return issue.issues.map((inner) => ({ path, message: `this name is not possible: ${plain(inner.message)}` }));
    default:
      return finding(plain(issue.message));
  }
}

function unknownKey(path: ConfigPath, context: Context): Finding {
  const parent = path.slice(0, -1);
  const known = keysAt(context.schema, parent, context.value);
  const meant = didYouMean(String(path.at(-1)), known);
  if (meant === undefined) return { path, message: `unknown key; known here: ${known.join(", ")}` };
  const example = exampleText(schemaAt(context.schema, [...parent, meant], context.value), [...parent, meant]);
  return { path, message: `unknown key; did you mean \`${meant}\`?`, example };
}

/** A choice by `type` whose type is missing or unknown. */
function unknownChoice(issue: z.core.$ZodIssueInvalidUnion, path: ConfigPath, context: Context): Finding {
  const discriminator = issue.discriminator ?? "type";
  const parent = path.at(-1) === discriminator ? path.slice(0, -1) : path;
  const names = choicesAt(schemaAt(context.schema, parent, context.value), discriminator);
  const full = [...parent, discriminator];
  const found = valueAt(context.value, full);
  const example = `${discriminator}: ${names[0]}`;
  if (found === undefined) return { path: full, message: `is missing; expected one of ${names.join(", ")}`, example };
  return { path: full, message: `expected one of ${names.join(", ")}${suggestion(found, names)}`, example };
}

/** Of a choice between shapes, reports on the one that was meant; on none when the value has no shape of them. */
function bestMember(issue: z.core.$ZodIssueInvalidUnion, path: ConfigPath, context: Context): Finding[] {
  const isOther = (errors: readonly z.core.$ZodIssue[]) =>
    errors.some((error) => error.path.length === 0 && ["invalid_type", "invalid_value"].includes(error.code));
  const meant = issue.errors.filter((errors) => !isOther(errors)).sort((a, b) => a.length - b.length)[0];
  if (meant && issue.message === "Invalid input") return meant.flatMap((inner) => describe(inner, path, context));
  const schema = schemaAt(context.schema, path, context.value);
  const expected = issue.errors.flatMap((errors) => errors.slice(0, 1).map(expectation)).join(", or ");
  const said = issue.message === "Invalid input" ? `expected ${expected}${meaning(schema)}` : plain(issue.message);
  const message = valueAt(context.value, path) === undefined ? `is missing; ${said}` : said;
  return [{ path, message, example: exampleText(schema, path) }];
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") return kindNames[issue.expected] ?? issue.expected;
  if (issue.code === "invalid_value") return issue.values.map(String).join(" or ");
  return plain(issue.message).replace(/^expected /, "");
}

/** zod's own sentences, in our tone. */
function plain(message: string): string {
  return message
    .replace(/^Invalid (input|option): /, "")
    .replace(/^Invalid string: must match pattern (.*)$/, "expected text that matches $1")
    .replace(/^Too (small|big): expected \w+ (to have |to be )?/, "expected ")
    .replace(/^expected >=/, "expected at least ")
    .replace(/^expected <=/, "expected at most ")
    .replace(/^expected >/, "expected more than ")
    .replace(/^expected </, "expected less than ")
    .replace(/^Invalid URL$/, "expected a URL");
}

function meaning(schema: JsonSchema | undefined): string {
  return schema?.description ? ` (${schema.description.replace(/\.$/, "")})` : "";
}

function suggestion(found: unknown, names: readonly string[]): string {
  if (typeof found !== "string") return `, found ${kindOf(found)}`;
  const meant = didYouMean(found.toLowerCase(), names);
  return meant === undefined ? "" : `; did you mean \`${meant}\`?`;
}

const kindNames: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map of keys",
  record: "a map of names",
};

function kindOf(value: unknown): string {
  if (value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map of keys";
  if (typeof value === "string") return "text";
  return typeof value === "number" ? "a number" : "true or false";
}
