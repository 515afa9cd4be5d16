import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Where a file or folder of this project is (`detectors`, `package.json`): beside `src/` in a
 * checkout; a compiled package has the code in `dist/`, one level further down.
 */
export function shippedPath(name: string): string {
  const beside = fileURLToPath(new URL(`../${name}`, import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../../${name}`, import.meta.url));
}
