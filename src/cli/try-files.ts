import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { GatewatchError, type Problem } from "../errors.ts";

/** One log to be read. */
export interface LogFile {
  /** As the person named it; unique. */
  readonly name: string;
  /** On disk; `undefined` for what has no size: standard input, a pipe. */
  readonly bytes: number | undefined;
  /** Opens it; to be called once. */
  readonly open: () => Readable;
}

/** All are open at once, so that their lines can be put in order, and each holds a few megabytes. */
const maxFiles = 64;

/**
 * Looks at each file that was named, without reading it. `-` is standard input. Throws
 * `LOGS_UNREADABLE` with everything that is wrong.
 */
export async function findLogs(names: readonly string[], stdin: () => Readable): Promise<LogFile[]> {
  if (names.length > maxFiles) {
    throw new GatewatchError("LOGS_UNREADABLE", `${names.length} files are too many: at most ${maxFiles} at a time.`, {
      remedy: "Join them, the oldest first: cat access.log.*.gz | gatewatch try -",
    });
  }
  const problems: Problem[] = [];
  const logs: LogFile[] = [];
  const seen = new Set<string>();
  for (const name of names) {
    const place = name === "-" ? name : resolve(name);
    const found = seen.has(place) ? ({ message: "is named twice" } as const) : await look(name, stdin);
    seen.add(place);
    if ("message" in found) problems.push({ file: name, path: "", ...found });
    else logs.push(found);
  }
  if (problems.length === 0) return logs;
  const what = problems.length === 1 ? "A log" : `${problems.length} logs`;
  throw new GatewatchError("LOGS_UNREADABLE", `${what} can't be read.`, {
    problems,
    remedy: "Name files with access logs, plain or gzip, or - for standard input.",
  });
}

// helpers

type Fault = Pick<Problem, "message" | "example">;

async function look(name: string, stdin: () => Readable): Promise<LogFile | Fault> {
  if (name === "-") return { name, bytes: undefined, open: stdin };
  try {
    const about = await stat(name);
    if (about.isDirectory()) {
      return {
        message: "is a folder; name the files in it",
        example: `gatewatch try ${name.replace(/\/+$/, "")}/*.log`,
      };
    }
    const stream = () => createReadStream(name, { highWaterMark: 1024 ** 2 });
    // What comes through a pipe can be read only once: no look at its beginning.
    if (!about.isFile()) return { name, bytes: undefined, open: stream };
    return packedBy(await headOf(name), name) ?? { name, bytes: about.size, open: stream };
  } catch (error) {
    return { message: explain((error as NodeJS.ErrnoException).code ?? String(error)) };
  }
}

async function headOf(name: string): Promise<Buffer> {
  const handle = await open(name, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** How files begin that other programs packed. */
const packers = [
  { begins: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), packer: "zstd", unpack: "zstd -dc" },
  { begins: Buffer.from("BZh"), packer: "bzip2", unpack: "bzip2 -dc" },
  { begins: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), packer: "xz", unpack: "xz -dc" },
  { begins: Buffer.from([0x50, 0x4b, 0x03, 0x04]), packer: "zip", unpack: "unzip -p" },
] as const;

function packedBy(head: Buffer, name: string): Fault | undefined {
  const found = packers.find(({ begins }) => head.subarray(0, begins.length).equals(begins));
  if (!found) return undefined;
  return {
    message: `is packed with ${found.packer}; only gzip is read as it is`,
    example: `${found.unpack} ${name} | gatewatch try -`,
  };
}

function explain(code: string): string {
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "this user may not read it";
  return `can't be opened (${code})`;
}
