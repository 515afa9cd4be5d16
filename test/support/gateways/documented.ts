import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const formats = resolve(import.meta.dirname, "../../../docs/formats.md");

/**
 * A piece of configuration as `docs/formats.md` tells readers to copy it, so that the document can't
 * say what does not work: the section's code block in that language (its first, unless told which).
 */
export function documented(section: string, language: string, which = 0): string {
  const text = readFileSync(formats, "utf8");
  const start = text.indexOf(`\n## ${section}\n`);
  if (start < 0) throw new Error(`docs/formats.md: expected a section "${section}"`);
  const end = text.indexOf("\n## ", start + 1);
  const blocks = [...text.slice(start, end < 0 ? undefined : end).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  const found = blocks.filter((block) => block[1] === language)[which]?.[2];
  if (found === undefined) throw new Error(`docs/formats.md, ${section}: expected block ${which} of ${language}`);
  return found;
}
