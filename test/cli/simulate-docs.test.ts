import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { addSimulateOptions } from "../../src/cli/simulate-options.ts";
import { formatsConfig } from "../../src/normalize/formats-config.ts";
import { lineFormats, writerIds } from "../../src/simulate/create-writer.ts";
import { simulated } from "../support/simulating.ts";

const docs = readFileSync(join(import.meta.dirname, "../../docs/simulate.md"), "utf8");

test("the page lists each option, and no other", () => {
  const table = docs.slice(docs.indexOf("\n## Options\n"));
  const named = [...table.matchAll(/`(--[a-z]+)/g)].map(([, name]) => name);
  const known = addSimulateOptions(new Command()).options.map(({ long }) => long);
  expect(new Set(named)).toEqual(new Set(known));
});

test("the formats it names can be written", () => {
  const [section = ""] = docs.split("\n## How lines are written\n")[1]!.split("\n## ");
  const named = [...section.matchAll(/`((?:[a-z]+-)+[a-z]+|kong|enriched)`/g)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((name) => name !== "shop-event" && !writerIds.includes(name))).toEqual([]);
});

test("the configuration that it gives reads what has to be described", () => {
  const { formats } = parse(/```yaml\n(formats:.*?)```/s.exec(docs)![1]!) as { formats: unknown };
  const described = lineFormats.flatMap((format) => (format.described ? [[format.id, format.described]] : []));
  expect(formatsConfig.parse(formats)).toEqual(formatsConfig.parse(Object.fromEntries(described)));
});

test("it tells of each key of the labels", () => {
  const { labels } = simulated({ durationMs: 2_400_000, rate: 5, attacks: ["credential-stuffing"] });
  const [section = ""] = docs.split("\n## The labels\n")[1]!.split("\n## ");
  const keys = [...Object.keys(labels), ...Object.keys(labels.attacks[0]!)];
  expect(keys.filter((key) => !section.includes(`\`${key}\``) && !section.includes(`.${key}\``))).toEqual([]);
});
