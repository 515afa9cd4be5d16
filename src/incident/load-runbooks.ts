import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Problem } from "../errors.ts";
import { parseRunbook } from "./parse-runbook.ts";
import type { Runbook } from "./runbook.ts";

/** Runbooks are read whole; a larger file is a mistake. */
const maxFileBytes = 256 * 1024;

/**
 * Loads every `*.md` of the folders (`README.md` apart). A file in a later folder takes the place of
 * one of the same name in an earlier one. All that is wrong comes back at once; a runbook with a
 * problem is left out.
 */
export async function loadRunbooks(
  directories: readonly string[],
): Promise<{ readonly runbooks: Runbook[]; readonly problems: Problem[] }> {
  const problems: Problem[] = [];
  const files = new Map<string, string>();
  for (const directory of directories) {
    const listed = await listRunbooks(directory);
    problems.push(...listed.problems);
    for (const name of listed.names) files.set(name, join(directory, name));
  }
  const runbooks: Runbook[] = [];
  for (const [name, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const read = await readRunbook(file);
    const parsed = "problem" in read ? undefined : parseRunbook(file, name.slice(0, -".md".length), read.text);
    if ("problem" in read) problems.push(read.problem);
    else if (parsed?.kind === "good") runbooks.push(parsed.runbook);
    else problems.push(...(parsed?.problems ?? []));
  }
  return { runbooks, problems };
}

// helpers

async function listRunbooks(directory: string): Promise<{ names: string[]; problems: Problem[] }> {
  try {
    const names = (await readdir(directory)).filter((name) => name.endsWith(".md") && name !== "README.md");
    return { names, problems: [] };
  } catch (error) {
    return { names: [], problems: [unreadable(directory, error, "directories: [./runbooks]")] };
  }
}

async function readRunbook(file: string): Promise<{ readonly text: string } | { readonly problem: Problem }> {
  try {
    const text = await readFile(file, "utf8");
    if (text.length <= maxFileBytes) return { text };
    return { problem: { file, path: "line 1", line: 1, message: "expected at most 256 KiB" } };
  } catch (error) {
    return { problem: unreadable(file, error) };
  }
}

function unreadable(file: string, error: unknown, example?: string): Problem {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown";
  return { file, path: "line 1", message: `can't be read (${code})`, ...(example && { example }) };
}
