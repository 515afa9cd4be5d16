import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { GatewatchProcess } from "./gatewatch-process.ts";
import { openTestStore } from "./open-test-store.ts";

/** Something that the service said or kept, and where. */
export interface Leftover {
  readonly where: string;
  readonly text: string;
}

/** The answer of every route that can be read, and the console's pages; `subjects`: what to ask `why` of. */
export async function answersOf(gatewatch: GatewatchProcess, subjects: readonly string[]): Promise<Leftover[]> {
  const { paths } = await gatewatch.get<{ paths: Record<string, Record<string, unknown>> }>("/docs/json");
  const readable = Object.keys(paths).filter((path) => "get" in paths[path]!);
  const { incidents } = await gatewatch.get<{ incidents: { id: string; runbook: string }[] }>("/v1/incidents");
  const { detections } = await gatewatch.get<{ detections: { id: string; detector: string }[] }>(
    "/v1/detections?limit=100",
  );
  const detectors = [...new Set(detections.map(({ detector }) => detector))];
  const values: Readonly<Record<string, readonly string[]>> = {
    "/v1/incidents/{id}": incidents.map(({ id }) => id),
    "/v1/incidents/{id}/evidence": incidents.map(({ id }) => id),
    "/v1/detections/{id}": detections.map(({ id }) => id),
    "/v1/detectors/{id}": detectors,
    "/v1/detectors/{id}/report": detectors,
    "/v1/runbooks/{id}": [...new Set(incidents.map(({ runbook }) => runbook))],
    "/v1/why/{subject}": subjects,
  };
  const asked = readable.flatMap((path) => {
    if (!path.includes("{")) return [path];
    const known = values[path];
    if (known === undefined) throw new Error(`no values are known for ${path}`);
    return known.map((value) => path.replace(/\{\w+\}/, encodeURIComponent(value)));
  });
  const pages = [
    ...["/", "/metrics", "/detectors", "/v1/detections?limit=100"],
    ...incidents.map(({ id }) => `/incidents/${id}`),
    ...detectors.map((id) => `/detectors/${id}`),
  ];
  return Promise.all(
    [...new Set([...asked, ...pages])].map(async (path) => ({ where: `GET ${path}`, text: await textAt(gatewatch.url + path) })),
  ); // prettier-ignore
}

/** Every file below a directory, but those in which `isLeftOut`. */
export function filesIn(directory: string, isLeftOut: (path: string) => boolean = () => false): Leftover[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !isLeftOut(path))
    .map((path) => ({ where: path.slice(directory.length), text: readFileSync(path, "latin1") }));
}

/** Every column of every table, of a service that was stopped; only tables that have rows. */
export async function tablesIn(dataDirectory: string): Promise<Leftover[]> {
  const store = await openTestStore(dataDirectory);
  const tables = await store.query<{ name: string }>("SELECT name FROM system.tables WHERE database = currentDatabase()"); // prettier-ignore
  const filled: Leftover[] = [];
  for (const { name } of tables) {
    const rows = await store.query<object>(`SELECT * FROM \`${name}\``);
    if (rows.length > 0) filled.push({ where: `table ${name}`, text: JSON.stringify(rows) });
  }
  await store.close();
  return filled;
}

// helpers

/** The whole answer; of one that goes on for ever, what comes within a second. */
async function textAt(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!(response.headers.get("content-type") ?? "").includes("event-stream")) return response.text();
  const reader = response.body!.getReader();
  const timer = setTimeout(() => void reader.cancel(), 1_000);
  let text = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    text += Buffer.from(piece.value as Uint8Array).toString();
  }
  clearTimeout(timer);
  return text;
}
