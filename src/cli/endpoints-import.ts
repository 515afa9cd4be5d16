import { readFile, stat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { GatewatchError } from "../errors.ts";
import type { CliContext } from "./cli-context.ts";
import { inventoryYaml } from "./inventory-yaml.ts";
import { parseOpenApi } from "./openapi-document.ts";
import { openApiEndpoints } from "./openapi-endpoints.ts";
import { terminalText } from "./terminal-text.ts";
import { amount } from "./text-layout.ts";

export interface ImportOptions {
  /** An OpenAPI document; `-` is standard input. */
  readonly file: string;
  /** What stands in front of its paths, in place of what its servers say. */
  readonly basePath: string | undefined;
}

/**
 * `gatewatch endpoints import FILE`: prints the endpoints of an OpenAPI document as an inventory.
 * What could not be taken over is told on standard error. Fetches nothing. Throws `OPENAPI_INVALID`.
 */
export async function runEndpointsImport({ file, basePath }: ImportOptions, context: CliContext): Promise<number> {
  const base = checkBase(basePath);
  const document = parseOpenApi(await read(file, context), file);
  const { entries, notes } = openApiEndpoints(document, base);
  for (const note of notes.slice(0, maxNotes)) context.stderr(`Note: ${terminalText(note)}\n`);
  if (notes.length > maxNotes) context.stderr(`Note: and ${notes.length - maxNotes} more of the kind\n`);
  const owners = [...new Set(entries.flatMap(({ owner }) => owner ?? []))];
  context.stdout(
    inventoryYaml(entries, [
      `${amount(entries.length, "endpoint")} of ${document.title || "an OpenAPI document"}. The comments say what each class was guessed from.`,
      ...(owners.length === 0 ? [] : [`Owners must be teams of the configuration: ${owners.join(", ")}.`]),
    ]),
  );
  return 0;
}

// helpers

const maxNotes = 20;
/** The largest published documents have 12 MB. */
const maxBytes = 64 * 1024 ** 2;

async function read(file: string, context: CliContext): Promise<string> {
  const unreadable = (message: string, cause?: unknown) =>
    new GatewatchError("OPENAPI_INVALID", `${file === "-" ? "Standard input" : file} ${message}.`, {
      remedy: "Name an OpenAPI document, YAML or JSON, or - for standard input.",
      cause,
    });
  if (file === "-") return text(context.stdin());
  if (/^https?:/i.test(file)) throw unreadable("is an address, and nothing is fetched: download it first");
  try {
    if ((await stat(file)).size > maxBytes) throw unreadable("is larger than 64 MiB");
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof GatewatchError) throw error;
    throw unreadable(`can't be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`, error);
  }
}

function checkBase(basePath: string | undefined): string | undefined {
  if (basePath === undefined || /^(?:\/[^\s?#{}]*)?$/.test(basePath)) return basePath?.replace(/\/+$/, "");
  throw new GatewatchError("COMMAND_FAILED", `--base-path ${basePath} is no path.`, {
    remedy:
      "Name what the gateway's log has in front of the document's paths: --base-path /api, or --base-path / for nothing.",
  });
}
