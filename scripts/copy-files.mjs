// The files the compiled package reads at run time and the compiler does not copy.
import { cpSync } from "node:fs";

for (const folder of ["src/store/migrations", "src/normalize/providers", "src/console/page", "runbooks"]) {
  cpSync(folder, `dist/${folder}`, { recursive: true });
}
