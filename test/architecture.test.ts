import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

// The rules of ARCHITECTURE.md. Each test lists every file that breaks its rule, and how.

const root = resolve(import.meta.dirname, "..");

/** A stage may import stages before it, never one after it. `cli` comes last; before it what only commands use. */
const stages = [
  "source", "normalize", "detect", "store", "incident", "notify", "block", "replay", "api", "console", "cluster", "simulate",
  "score", "cli",
]; // prettier-ignore

/** Files directly in `src/` that belong to no stage and may be imported by every one. */
const ground = [
  "clock.ts",
  "errors.ts",
  "log.ts",
  "metrics.ts",
  "units.ts",
  // How files that people write are read, and their faults explained: the configuration, and runbooks.
  "config-document.ts",
  "config-examples.ts",
  "config-problems.ts",
  "json-schema.ts",
];

interface SourceFile {
  /** From the checkout's root: `src/detect/watermark.ts`. */
  readonly path: string;
  readonly text: string;
  /** Without comments, so that words in them don't count. */
  readonly code: string;
}

const files = ["src", "detectors", "scripts", "bench", "examples", "test"].flatMap(listFiles);
const inSource = files.filter(({ path }) => path.startsWith("src/"));
const isPage = ({ path }: SourceFile) => path.startsWith("src/console/page/");

describe("imports", () => {
  test("a stage imports earlier stages and the ground, never a later stage", () => {
    expect(violations(inSource, importsOfLaterStages)).toEqual([]);
  });

  test("the ground imports only the ground", () => {
    const own = inSource.filter(({ path }) => ground.includes(path.slice("src/".length)));
    const imports = (file: SourceFile) => importsOf(file).filter((target) => target.startsWith("src/"));
    expect(violations(own, (file) => imports(file).filter((target) => !ground.includes(target.slice(4))))).toEqual([]);
  });

  test("a detector imports defineDetector, words that detectors share and zod, and nothing that does I/O", () => {
    const detectors = files.filter(({ path }) => path.startsWith("detectors/"));
    const words = ["actor-target", "declared-bot", "failed-share", "failing-part", "gift-card", "object-id", "passing-networks", "page-view", "refusals", "shared-address", "strangers", "sign-ins-of-user", "token-reason", "traffic-levels", "tried-accounts"]; // prettier-ignore
    const own = words.map((name) => `src/detect/${name}.ts`);
    const allowed = ["src/detect/define-detector.ts", "src/units.ts", "zod", ...own];
    const foreign = (file: SourceFile) =>
      importsOf(file).filter((target) => !allowed.includes(target) && !isTypeImport(file, target));
    expect(violations(detectors, foreign)).toEqual([]);
  });
});

describe("the outside world", () => {
  test("only config.ts reads the environment", () => {
    const others = inSource.filter(({ path }) => !/^src\/config(-[a-z-]+)?\.ts$/.test(path));
    expect(violations(others, (file) => matches(file.code, /\bprocess\.env\b/g))).toEqual([]);
  });

  test("only clock.ts reads the time and sets timers", () => {
    const others = [...inSource, ...files.filter(({ path }) => path.startsWith("detectors/"))];
    const clock =
      /\bDate\.now\(|\bnew Date\(\)|\bnew Date(?![\w(])|\bset(Timeout|Interval)\(|\bperformance\.now\(|\bAbortSignal\.timeout\(|\bset(Timeout|Interval)\b[^;\n]*"node:timers\/promises"|\bprocess\.hrtime\b/g;
    const relevant = others.filter((file) => file.path !== "src/clock.ts" && !isPage(file));
    expect(violations(relevant, (file) => matches(file.code, clock))).toEqual([]);
  });

  test("only the command line prints", () => {
    const others = inSource.filter((file) => !/^src\/(cli\/|main\.ts)/.test(file.path) && !isPage(file));
    expect(
      violations(others, (file) => matches(file.code, /\bconsole\.(log|info|warn|error|debug|trace|dir|table)\b/g)),
    ).toEqual([]);
  });
});

describe("files", () => {
  test("at most 300 lines, tests at most 400", () => {
    const tooLong = (file: SourceFile) => {
      const lines = file.text.trimEnd().split("\n").length;
      const bound = file.path.startsWith("test/") ? 400 : 300;
      return lines > bound ? [`${lines} lines, ${bound} at most`] : [];
    };
    expect(violations(files, tooLong)).toEqual([]);
  });

  test("at most two levels below src", () => {
    const deep = (file: SourceFile) => (file.path.split("/").length > 4 ? ["more than two levels below src"] : []);
    expect(violations(inSource, deep)).toEqual([]);
  });

  test("kebab-case, and no drawer for odds and ends", () => {
    const drawers = /^(utils?|common|helpers?|types|index|misc|shared|constants)\.[a-z]+$/;
    const badName = ({ path }: SourceFile) => {
      const name = basename(path);
      if (drawers.test(name)) return ["says nothing about what is inside"];
      return /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|d))?\.[a-z]+$/.test(name) ? [] : ["is not kebab-case"];
    };
    const folders = (file: SourceFile) =>
      dirname(file.path)
        .split("/")
        .filter((folder) => drawers.test(`${folder}.ts`) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(folder));
    expect(violations(files, badName)).toEqual([]);
    expect(violations(inSource, folders)).toEqual([]);
  });

  test("default exports only in detectors", () => {
    const others = files.filter(({ path }) => !path.startsWith("detectors/"));
    expect(violations(others, (file) => matches(file.code, /^export default\b|\bas default\b/gm))).toEqual([]);
  });

  test("every detector has a default export", () => {
    const detectors = files.filter(({ path }) => path.startsWith("detectors/"));
    const missing = (file: SourceFile) => (/^export default\b/m.test(file.code) ? [] : ["has no default export"]);
    expect(violations(detectors, missing)).toEqual([]);
  });

  test("no file only hands on what others export", () => {
    const handsOn = ({ code }: SourceFile) => {
      const statements = code.replaceAll(/^\s*(import|export)\b[^;]*\bfrom\b[^;]*;/gm, "").trim();
      return statements === "" ? ["is a barrel"] : [];
    };
    expect(violations(inSource, handsOn)).toEqual([]);
  });
});

describe("the rules themselves", () => {
  const fake = (path: string, text: string): SourceFile => ({ path, text, code: withoutComments(text) });

  test.for([
    ["a later stage", 'import { x } from "../notify/x.ts";', ["src/notify/x.ts (notify comes after detect)"]],
    ["a type of a later stage", 'import type { X } from "../api/x.ts";', ["src/api/x.ts (api comes after detect)"]],
    ["a later stage, loaded late", 'await import("../block/x.ts");', ["src/block/x.ts (block comes after detect)"]],
    ["an earlier stage", 'import type { X } from "../source/x.ts";', []],
    ["its own stage", 'import { x } from "./x.ts";', []],
    ["the ground", 'import { x } from "../clock.ts";', []],
    ["the top", 'import { x } from "../app.ts";', ["src/app.ts (not for stages)"]],
    ["the command line", 'import { x } from "../cli/x.ts";', ["src/cli/x.ts (cli comes after detect)"]],
  ] as const)("imports: %s", ([, text, found]) => {
    expect(importsOfLaterStages(fake("src/detect/a.ts", text))).toEqual(found);
  });

  test("words in comments don't count, code in texts does", () => {
    const code = withoutComments('/* Date.now() */ const a = "http://x"; // new Date()\nconst b = `// ${Date.now()}`;');
    expect(code).toBe(' const a = "http://x"; \nconst b = `// ${Date.now()}`;');
  });
});

// helpers

function listFiles(folder: string): SourceFile[] {
  let names: string[];
  try {
    names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  } catch {
    return []; // a folder this checkout does not have
  }
  return names
    .map((name) => join(folder, name))
    .filter((path) => /\.(ts|mjs|js)$/.test(path) && !/\/(fixtures|golden|node_modules)\//.test(path))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8");
      return { path, text, code: withoutComments(text) };
    });
}

/** One line for each file that breaks a rule. */
function violations(checked: readonly SourceFile[], rule: (file: SourceFile) => readonly string[]): string[] {
  return checked.flatMap((file) => {
    const found = [...new Set(rule(file))];
    return found.length === 0 ? [] : [`${file.path}: ${found.join("; ")}`];
  });
}

function importsOfLaterStages(file: SourceFile): string[] {
  const stage = stageOf(file.path);
  if (stage === undefined) return [];
  return importsOf(file).flatMap((target) => {
    if (!target.startsWith("src/")) return [];
    const other = stageOf(target);
    if (other === undefined) {
      const free = ground.includes(target.slice("src/".length)) || stage === "cli";
      return free ? [] : [`${target} (not for stages)`];
    }
    return stages.indexOf(other) > stages.indexOf(stage) ? [`${target} (${other} comes after ${stage})`] : [];
  });
}

/** The folder below `src/`; `undefined` for files directly in it. */
function stageOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

/** What a file imports, in any way: paths from the root for its own files, names for packages. */
function importsOf(file: SourceFile): string[] {
  const specifiers = [...file.text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"\n]+)"/g)].map((match) => match[1] ?? "");
  return specifiers.map((specifier) =>
    specifier.startsWith(".") ? relative(root, resolve(root, dirname(file.path), specifier)) : specifier,
  );
}

function isTypeImport(file: SourceFile, target: string): boolean {
  return file.text.split("\n").some((line) => line.startsWith("import type") && line.includes(basename(target)));
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[0]);
}

/** Good enough to look for words, no parser: a `//` inside a text is no comment. */
function withoutComments(text: string): string {
  const token = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
  return text.replaceAll(token, (found) => (found.startsWith("/") ? "" : found));
}
