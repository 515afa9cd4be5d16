import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

test("docs/metrics.md has every metric of the code with its labels, and no other", () => {
  expect(Object.fromEntries(explained())).toEqual(Object.fromEntries(registered()));
});

test("every metric that another page names is one of these", () => {
  const known = registered();
  const names = (text: string) => text.match(/\bgatewatch_[a-z]+_[a-z_]+[a-z]\b/g) ?? [];
  const pages = [...markdown("docs"), ...markdown("runbooks")];
  const unknown = pages.flatMap((page) =>
    names(readFileSync(join(root, page), "utf8"))
      .filter((name) => !known.has(name) && !/^gatewatch_(process|nodejs)_/.test(name))
      .map((name) => `${page}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

test.for([
  ["a counter with labels", `m.counter("gatewatch_a_b_total", "What", ["one", "two"]);`, ["one", "two"]],
  ["a histogram", `m.histogram("gatewatch_a_b_seconds", "What", { labels: ["one"], buckets: [1, 2] });`, ["one"]],
  ["a gauge without labels", `m.gauge("gatewatch_a_b", "What"),\nm.gauge("x", "", ["one"]);`, []],
] as const)("labels are read from the code: %s", ([, code, labels]) => {
  expect([...metricsIn(code)].map(([, found]) => found)).toEqual([labels]);
});

// helpers

/** Name → labels, as the code registers them. */
function registered(): Map<string, readonly string[]> {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter((n) => n.endsWith(".ts"));
  // The command line only reads a metric of another stage.
  const code = files
    .filter((name) => !name.startsWith("cli/"))
    .map((name) => readFileSync(join(root, "src", name), "utf8"));
  return new Map(code.flatMap((text) => [...metricsIn(text)]));
}

function* metricsIn(code: string): Generator<readonly [name: string, labels: readonly string[]]> {
  for (const { 1: name = "", index } of code.matchAll(/"(gatewatch_[a-z]+_[a-z_]+)"/g)) {
    const [call = ""] = code.slice(index).split(/\)[;,]\n/, 1);
    const list = /\[((?:\s*"[a-z_]+",?)+)\s*\]/.exec(call)?.[1] ?? "";
    yield [name, [...list.matchAll(/"([a-z_]+)"/g)].map((match) => match[1] ?? "")];
  }
}

/** Name → labels, as the page's tables have them. */
function explained(): Map<string, readonly string[]> {
  const rows = readFileSync(join(root, "docs/metrics.md"), "utf8").matchAll(/^\| (`gatewatch_[^|]+)\|([^|]*)\|/gm);
  const codes = (cell: string) => [...cell.matchAll(/`([a-z_]+)`/g)].map((match) => match[1] ?? "");
  return new Map(
    [...rows].flatMap(([, names = "", labels = ""]) => codes(names).map((name) => [name, codes(labels)] as const)),
  );
}

function markdown(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}
