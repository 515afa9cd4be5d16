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
  /** What was ever told, on change or sealed: detectors with their keys. */
  readonly told: ReadonlySet<string>;
  /** Detections of the shop's time that still go on. */
  readonly open: number;
  /** Requests in the counts of minutes. */
  readonly counted: number;
  /** Of each incident: the detections that it rests on. */
  readonly incidents: ReadonlyMap<string, readonly string[]>;
  /** Ids of decisions, one for each row that is the newest of its id. */
  readonly decisions: readonly string[];
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
  const incidents = await rows<{ body: string }>("SELECT argMax(body, version) AS body FROM incidents GROUP BY id");
  const decisions = await rows<{ id: string }>("SELECT id FROM decisions GROUP BY id");
  const isHeld = ({ state, sealed }: Detection) => sealed && state !== "unconfirmed";
  return {
    sealed: new Map(
      detections
        .filter(isHeld)
        .map((one) => [one.id, JSON.stringify({ ...one, supersedes: undefined, coverage: undefined })] as const),
    ),
    told: new Set(detections.map(({ detector, key }) => `${detector} ${JSON.stringify(key)}`)),
    open: detections.filter(({ state }) => state === "open").length,
    counted: Number(counts?.counted ?? 0),
    incidents: new Map(
      incidents.map(({ body }) => JSON.parse(body) as Incident).map((one) => [one.id, [...one.detections].sort()]),
    ),
    decisions: decisions.map(({ id }) => id),
  };
}
