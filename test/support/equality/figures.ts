import type { Decision } from "../../../src/block/decision.ts";
import type { Detection } from "../../../src/detect/detection.ts";
import type { Incident } from "../../../src/incident/incident.ts";
import type { ClickHouseHttp } from "../clickhouse-http.ts";

/** What a run left in its database. */
export interface Figures {
  /**
   * Sealed detections of the shop's time: each as it was last told, by id, as text. Without `supersedes`, which
   * names what was told on change, and `coverage`, which goes by what was read by then: both depend on what comes first.
   */
  readonly sealed: ReadonlyMap<string, string>;
  /** What was ever told, on change or sealed: detectors with their keys, and what was last told of each. */
  readonly told: ReadonlyMap<string, string>;
  /** How many were told on change under another id first: at another bucket than the one that was sealed. */
  readonly renamed: number;
  /** Detections of the shop's time that still go on. */
  readonly open: number;
  /** Requests in the counts of minutes. */
  readonly counted: number;
  /** Of each incident: the detections that it rests on. */
  readonly incidents: ReadonlyMap<string, readonly string[]>;
  /** What was decided and not lifted: the targets, each with the detections that led to it. */
  readonly decided: ReadonlyMap<string, readonly string[]>;
  /** How often people were called for an incident, by how often that may be: once, and once more for each time it was reopened. */
  readonly pages: readonly { readonly incident: string; readonly sent: number; readonly may: number }[];
}

/** Reads them. `until`: what fired later is left out; epoch ms. */
export async function readFigures(server: ClickHouseHttp, database: string, until: number): Promise<Figures> {
  const rows = async <T>(query: string) => (await server.query(database, `${query} FORMAT JSONEachRow`)) as T[];
  const bodies = await rows<{ body: string }>("SELECT argMax(body, version) AS body FROM detections GROUP BY id");
  const detections = bodies
    .map(({ body }) => JSON.parse(body) as Detection)
    .filter(({ firedAt, origin }) => firedAt <= until && origin === "traffic");
  const [counts] = await rows<{ counted: string }>(
    "SELECT toString(sum(requests)) AS counted FROM endpoint_minutes FINAL",
  );
  const newest = async <T>(table: string) =>
    (await rows<{ body: string }>(`SELECT argMax(body, version) AS body FROM ${table} GROUP BY id`)).map(
      ({ body }) => JSON.parse(body) as T,
    );
  const incidents = await newest<Incident>("incidents");
  const decisions = (await newest<Decision>("decisions")).filter(({ state }) => state !== "lifted");
  const decided = Map.groupBy(decisions, ({ scope, value }) => `${scope} ${value}`);
  const sent = await rows<{ incident: string; sent: string }>(
    "SELECT incident, toString(uniqExact(id)) AS sent FROM deliveries WHERE kind = 'trigger' GROUP BY incident",
  );
  const isHeld = ({ state, sealed }: Detection) => sealed && state !== "unconfirmed";
  return {
    sealed: new Map(
      detections
        .filter(isHeld)
        .map((one) => [one.id, JSON.stringify({ ...one, supersedes: undefined, coverage: undefined })] as const),
    ),
    told: new Map(
      detections.map((one) => [
        `${one.detector} ${JSON.stringify(one.key)}`,
        `${one.id} ${one.state} ${new Date(one.firedAt).toISOString()} ${one.summary}`,
      ]),
    ),
    renamed: detections.filter(({ supersedes }) => supersedes !== undefined).length,
    open: detections.filter(({ state }) => state === "open").length,
    counted: Number(counts?.counted ?? 0),
    incidents: new Map(incidents.map((one) => [one.id, [...one.detections].sort()])),
    decided: new Map([...decided].map(([target, of]) => [target, of.map(({ detection }) => detection ?? "")])),
    pages: sent.map((page) => ({
      ...{ incident: page.incident, sent: Number(page.sent) },
      may: 1 + (incidents.find(({ id }) => id === page.incident)?.reopened ?? 0),
    })),
  };
}
