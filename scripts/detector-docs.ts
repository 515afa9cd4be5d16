import { z } from "zod";
import { originsOf, type DetectorDefinition } from "../src/detect/define-detector.ts";
import { type SuppressedBy, suppressedByOf } from "../src/detect/suppressions.ts";
import type { JsonSchema } from "../src/json-schema.ts";

/** Divides `docs/detectors.md`: what is above is written by hand, what is below by the script. */
export const generatedFrom =
  "<!-- From here on written by scripts/write-detector-docs.ts from detectors/; a test fails when it is stale. -->";

/** `text` with everything below the mark written anew. Throws when the mark is missing. */
export function withDetectorDocs(text: string, definitions: readonly DetectorDefinition[]): string {
  const end = text.indexOf(generatedFrom);
  if (end === -1) throw new Error(`docs/detectors.md lacks the line ${generatedFrom}`);
  return text.slice(0, end + generatedFrom.length) + "\n\n" + detectorDocs(definitions);
}

/** A table of all detectors, then a section for each. */
export function detectorDocs(definitions: readonly DetectorDefinition[]): string {
  const sorted = definitions.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const table = sorted.map(({ id, title, severity, key, window }) =>
    rowOf([`[\`${id}\`](#${id})`, title, severity, codes(key), window]),
  );
  const head = ["| detector | finds | severity | key | window |", "| --- | --- | --- | --- | --- |"];
  return ["## The shipped detectors", "", ...head, ...table, "", ...sorted.map(sectionOf)].join("\n");
}

// helpers

function sectionOf(definition: DetectorDefinition): string {
  const { id, title, description, severity, severityOf, owasp, needs, where, key, window, bucket, quiet } = definition;
  const facts = [
    ["looks at", whereOf(where)],
    ["key", codes(key)],
    ["window", [window, bucket && `judged in buckets of ${bucket}`].filter(Boolean).join(", ")],
    ["an episode ends", `after ${quiet ?? window} without firing`],
    ["severity", severityOf ? `${severity}; the figures may change it` : severity],
    ["OWASP API risks", owasp.join(", ") || "none"],
    ["needs", codes(needs.required)],
    ["is surer with", codes(needs.better)],
    ["counts", codes(Object.keys(definition.counters))],
    ["compares with", definition.baselines ? `[what is usual](#what-is-usual): ${codes(definition.baselines)}` : ""],
    ["held back by", suppressedByOf(definition.suppressedBy).map(heldBackText).join(", ")],
    ["runbook", `[${id}.md](../runbooks/${id}.md)`],
  ].filter(([, value]) => value !== "");
  return [
    `### ${id}`,
    "",
    `**${title}.** ${description}`,
    "",
    "| | |\n| --- | --- |",
    ...facts.map((cells) => rowOf(cells)),
    "",
    "| parameter | meaning | default | |\n| --- | --- | --- | --- |",
    ...paramsOf(definition),
    "",
    "To find out:",
    "",
    ...definition.triage.map((question) => `- ${question}`),
    "",
    "Its examples, which are run as tests:",
    "",
    ...definition.examples.map(({ name, fires }) => `- ${fires ? "fires" : "stays silent"}: ${name}`),
    "",
  ].join("\n");
}

/** The events its `where` chooses, in words. */
function whereOf({ endpointClass, outcome, method, attempt, ...rest }: DetectorDefinition["where"]): string {
  const origins = originsOf({ ...rest, ...(attempt !== undefined && { attempt }) });
  const parts = [
    attempt !== undefined && (attempt ? "attempts" : "what is no attempt"),
    originsInWords[origins.toSorted().join()],
    endpointClass && `endpoints of class ${codes(endpointClass)}`,
    outcome && `outcome ${codes(outcome)}`,
    method && `method ${codes(method)}`,
  ].filter((part) => part !== undefined && part !== false);
  return parts.join("; ");
}

const originsInWords: Readonly<Record<string, string>> = {
  gateway: "requests",
  shop: "shop events",
  "gateway,shop": "requests and shop events",
};

function paramsOf(definition: DetectorDefinition): string[] {
  const schema = z.toJSONSchema(definition.params, { io: "input" }) as JsonSchema;
  return Object.entries(schema.properties ?? {}).map(([name, property]) =>
    rowOf([`\`${name}\``, property.description ?? "", `\`${JSON.stringify(property.default)}\``, boundsOf(property)]),
  );
}

function boundsOf({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const kind = type === "integer" ? "whole number" : String(type);
  const bounds = [
    isBound(minimum) && `at least ${minimum}`,
    isBound(exclusiveMinimum) && `above ${String(exclusiveMinimum)}`,
    isBound(maximum) && `at most ${maximum}`,
    isBound(exclusiveMaximum) && `below ${String(exclusiveMaximum)}`,
  ];
  return [kind, ...bounds.filter((bound) => bound !== false)].join(", ");
}

/** Zod writes the range of safe integers into every whole number; that is no bound worth telling. */
function isBound(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER;
}

function codes(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function rowOf(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function heldBackText({ detector, same }: SuppressedBy): string {
  const where = { route: " on the same route", endpointClass: " on endpoints of the same class" };
  return `[\`${detector}\`](#${detector})${same === undefined ? "" : where[same]}`;
}
