import { readFile, writeFile } from "node:fs/promises";

/** Puts text between a document's two comments `<!-- MARK: begin -->` and `<!-- MARK: end -->`. Rejects where they are not. */
export async function putMeasured(name: string, mark: string, text: string): Promise<void> {
  const file = new URL(`../${name}`, import.meta.url);
  const [begin, end] = [`<!-- ${mark}: begin -->`, `<!-- ${mark}: end -->`];
  const [before, rest, ...more] = (await readFile(file, "utf8")).split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined || more.length > 0) throw new Error(`${name} needs ${begin} and ${end}, once`);
  await writeFile(file, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}
