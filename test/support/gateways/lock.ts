import { readFileSync, rmSync, writeFileSync } from "node:fs";

const patienceMs = 20 * 60_000;

/** Does the work while no other process does it; takes the lock of one that died over. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const until = performance.now() + patienceMs;
  while (!tryLock(file)) {
    if (performance.now() > until) throw new Error(`another process has held ${file} for ${patienceMs / 60_000} min`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

// helpers

function tryLock(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (!ownerLives(file)) rmSync(file, { force: true });
    return false;
  }
}

/** Unreadable or empty: somebody is writing or removing it just now. */
function ownerLives(file: string): boolean {
  let owner: number;
  try {
    owner = Number(readFileSync(file, "utf8"));
  } catch {
    return true;
  }
  if (!(owner > 0)) return true;
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
