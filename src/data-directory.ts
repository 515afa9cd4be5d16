import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { GatewatchError } from "./errors.ts";

/**
 * Makes the data directory and claims it for this process; the result gives it back. What a process
 * left that is gone is taken over. Throws `STATE_IN_USE` when another process has it.
 */
export async function claimDataDirectory(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true });
  const lock = join(directory, "lock");
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const file = await open(lock, "wx");
      await file.write(String(process.pid));
      await file.close();
      return () => rm(lock, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = Number(await readFile(lock, "utf8").catch(() => ""));
    if (isAlive(owner)) {
      throw new GatewatchError("STATE_IN_USE", `The data directory ${directory} is in use by process ${owner}.`, {
        remedy: `Stop that process, or give this one a service.dataDirectory of its own. If process ${owner} is not gatewatch, remove ${lock}.`,
      });
    }
    await rm(lock, { force: true });
  }
  throw new GatewatchError("STATE_IN_USE", `The data directory ${directory} was claimed by another process just now.`);
}

/** Whether a process with this number runs. In a container every start may have the same number: our own counts as gone. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
