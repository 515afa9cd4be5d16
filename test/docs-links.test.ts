import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");
const pages = markdownIn(".");

describe("docs/README.md", () => {
  const listed = new Set(linksOf("docs/README.md").map(({ file }) => file));

  test("lists every document", () => {
    const documents = ["docs", "docs/decisions"].flatMap((folder) =>
      readdirSync(join(root, folder), { withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== "README.md")
        .map((entry) => join(folder, entry.name)),
    );
    expect(documents.filter((document) => !listed.has(document))).toEqual([]);
  });

  test("calls each decision what it calls itself", () => {
    const text = read("docs/README.md");
    const numbers = readdirSync(join(root, "docs/decisions")).map((name) => name.slice(0, 4));
    expect(numbers).toEqual([...new Set(numbers)]);
    for (const name of readdirSync(join(root, "docs/decisions"))) {
      const [, number, title] = /^# (\d+)\. (.+)$/m.exec(read(`docs/decisions/${name}`)) ?? [];
      expect(name).toMatch(new RegExp(`^${number?.padStart(4, "0")}-`));
      expect(text).toContain(`\n${number}. [${title}](decisions/${name})`);
    }
  });
});

describe.each(pages)("%s", (page) => {
  test("each relative link leads to a file, and to a heading in it", () => {
    expect(linksOf(page).flatMap((link) => faultOf(link) ?? [])).toEqual([]);
  });

  test("each file of this project that it names is there", () => {
    const named = [...read(page).matchAll(/`((?:src|test|scripts|docs|bench|examples|bin)\/[^`\s]+\.[a-z]+)`/g)];
    const files = named.map(([, file = ""]) => file).filter((file) => !/[*{]|[A-Z]{4}/.test(file));
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});

test.for([
  ["a missing file", "nowhere.md", "nowhere.md: docs/nowhere.md is not there"],
  ["a missing heading", "README.md#nothing-of-the-kind", "README.md#nothing-of-the-kind: no such heading"],
  ["a file", "README.md", undefined],
  ["a heading", "README.md#to-run-it", undefined],
  ["a folder", "../runbooks", undefined],
] as const)("a link to %s is told", ([, target, fault]) => {
  expect(faultOf(linkFrom("docs/README.md", target))).toBe(fault);
});

test.for([
  ["`/v1/check`, asked", "v1check-asked"],
  ["What is `when`: conditions", "what-is-when-conditions"],
  ["0.1.0 (today)", "010-today"],
] as const)("the heading %s is found by #%s", ([heading, anchor]) => {
  expect(anchorOf(heading)).toBe(anchor);
});

// helpers

interface Link {
  readonly target: string;
  /** From the root. */
  readonly file: string;
  readonly anchor: string | undefined;
}

/** Every Markdown file of the project, from the root. */
function markdownIn(folder: string): string[] {
  const skipped = ["node_modules", ".git", "data", "dist", "coverage", "fixtures"];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skipped.includes(entry.name) ? [] : markdownIn(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

/** Relative links; examples in code are none. */
function linksOf(page: string): Link[] {
  const prose = read(page)
    .replaceAll(/^( *)(```|~~~)[\s\S]*?^ *\2/gm, "")
    .replaceAll(/`[^`\n]*`/g, "code");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => linkFrom(page, target));
}

function linkFrom(page: string, target: string): Link {
  const [path = "", anchor] = target.split("#");
  const file = path === "" ? page : relative(root, resolve(root, dirname(page), path));
  return { target, file, anchor };
}

function faultOf({ target, file, anchor }: Link): string | undefined {
  const path = join(root, file);
  if (!existsSync(path)) return `${target}: ${file} is not there`;
  if (anchor === undefined || !statSync(path).isFile() || !file.endsWith(".md")) return undefined;
  return anchorsOf(file).has(anchor) ? undefined : `${target}: no such heading`;
}

function anchorsOf(page: string): Set<string> {
  const prose = read(page).replaceAll(/^( *)(```|~~~)[\s\S]*?^ *\2/gm, "");
  return new Set([...prose.matchAll(/^#{1,6} (.+)$/gm)].map((match) => anchorOf(match[1] ?? "")));
}

/** As GitHub makes them: lower case, spaces become hyphens, all but letters, digits, - and _ goes. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
