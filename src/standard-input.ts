import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { Readable } from "node:stream";

/**
 * Takes standard input away from this process, and gives it as a stream when it is `wanted`. The
 * embedded ClickHouse takes whatever waits at descriptor 0 for rows of the next insert: lines meant
 * for us would be lost, and inserts fail. So `cat` holds the real one, and ours becomes /dev/null.
 * To be called once, before the store is opened and before anything touches `process.stdin`.
 */
export function takeStandardInput(use: "wanted" | "unwanted"): Readable {
  const cat = use === "wanted" ? spawn("cat", { stdio: [0, "pipe", "inherit"] }) : undefined;
  closeSync(0);
  // The lowest free descriptor: 0 again.
  openSync("/dev/null", "r");
  return cat?.stdout ?? Readable.from([]);
}
