import type { ApiServices, Cursor, LogAnswer, PageRequest } from "./api/api-services.ts";
import { clientNetwork, formatNetwork, parseAddress } from "./block/address.ts";
import type { Blocker } from "./block/responder.ts";
import type { DetectStage } from "./detect/detect-stage.ts";
import type { Detection } from "./detect/detection.ts";
import type { Incidents } from "./incident/incidents.ts";
import type { LiveTrials } from "./live-trials.ts";
import type { Rules } from "./load-rules.ts";
import type { Pager } from "./notify/pager.ts";
import { serviceBaselines } from "./service-baselines.ts";
import type { ServiceStatus } from "./api/service-status.ts";
import { serviceDetectors } from "./service-detectors.ts";
import type { HttpSource } from "./source/http-source.ts";
import type { BodyHeaders } from "./source/log-body.ts";
import type { Store } from "./store/store.ts";

export interface ServiceParts {
  readonly store: Store;
  readonly incidents: Incidents;
  readonly pager: Pager;
  readonly blocker: Blocker;
  readonly detect: Pick<DetectStage, "status" | "baselines">;
  readonly trials: Pick<LiveTrials, "report">;
  readonly httpSources: readonly HttpSource[];
  /** The largest body any of them takes. */
  readonly maxLogBytes: number;
  readonly rules: () => Rules;
  readonly status: () => ServiceStatus;
  readonly ready: () => readonly string[];
}

/** What the API speaks to, put together from the stages. */
export function serviceApi(parts: ServiceParts): ApiServices {
  const { store, incidents, pager, blocker } = parts;
  return {
    incidents: {
      list: (filter) => incidents.list(filter),
      get: async (id) => {
        const known = await incidents.get(id);
        if (!known) return undefined;
        return { ...known, decisions: blocker.list({ incident: id, limit: 500 }) };
      },
      acknowledge: (id, by) => incidents.acknowledge(id, by),
      resolve: (id, by) => incidents.resolve(id, by),
    },
    detections: {
      list: async ({ detector, state, ...page }) => {
        const where = `(detector = {detector:String} OR {detector:String} = '')
          AND (state = {state:String} OR {state:String} = '')
          AND (firedAt < fromUnixTimestamp64Milli({time:Int64})
            OR (firedAt = fromUnixTimestamp64Milli({time:Int64}) AND id < {id:String}))`;
        const { time, id } = page.before ?? { time: latestTime, id: "" };
        const params = { detector: detector ?? "", state: state ?? "", time, id };
        return store.latest<Detection>("detections", where, params, { limit: page.limit, by: "firedAt" });
      },
      get: async (id) => (await store.latest<Detection>("detections", "id = {id:String}", { id }, 1))[0],
    },
    detectors: serviceDetectors(parts),
    baselines: serviceBaselines(parts),
    decisions: {
      list: async ({ before, ...filter }) =>
        newest(
          blocker.list({ ...filter, limit: Infinity }),
          { limit: filter.limit, before: before && { time: before.time, id: inOrder(before.id) } },
          ({ createdAt, id }) => ({ time: createdAt, id: inOrder(String(id)) }),
        ),
      add: (decision) => blocker.add(decision),
      lift: async (id, by, reason) => {
        const [lifted] = await blocker.lift(id, by, reason);
        return lifted ? { kind: "done", value: lifted } : { kind: "unknown" };
      },
      confirm: (id, by) => blocker.confirm(id, by),
    },
    silences: {
      list: async () => incidents.silences.list(),
      create: (silence, by) => incidents.silences.create(silence, by),
      end: (id, by) => incidents.silences.end(id, by),
    },
    deliveries: { list: (query) => pager.deliveries(query) },
    runbooks: {
      list: () => parts.rules().runbooks,
      get: (id) => parts.rules().runbooks.find((runbook) => runbook.id === id),
    },
    check: (request) => blocker.check(request),
    logs: {
      maxBodyBytes: parts.maxLogBytes,
      accept: (source, body, headers) => acceptLogs(parts.httpSources, source, { body, headers }),
    },
    blocking: {
      stop: async (by) => blocker.stopBlocking(by),
      resume: async () => blocker.resumeBlocking(),
    },
    why: (subject) => explainSubject(parts, subject),
    status: parts.status,
    ready: parts.ready,
  };
}

// helpers

/** The last moment a DateTime64(3) can hold. */
const latestTime = Date.UTC(2299, 11, 31);

/** Numbers as text that sorts as they do. */
function inOrder(id: string): string {
  return id.padStart(16, "0");
}

/** A page of a list, newest first and ties by id downwards, after the cursor. */
function newest<T>(items: readonly T[], page: PageRequest, cursorOf: (item: T) => Cursor): T[] {
  const before = page.before;
  return items
    .map((item) => ({ item, at: cursorOf(item) }))
    .filter(({ at }) => before === undefined || at.time < before.time || (at.time === before.time && at.id < before.id))
    .sort((a, b) => b.at.time - a.at.time || (a.at.id < b.at.id ? 1 : -1))
    .slice(0, page.limit)
    .map(({ item }) => item);
}

async function acceptLogs(
  sources: readonly HttpSource[],
  name: string | undefined,
  request: { body: Buffer; headers: BodyHeaders },
): Promise<LogAnswer> {
  const source = name === undefined ? sources[0] : sources.find((candidate) => candidate.name === name);
  if (source && (name !== undefined || sources.length === 1)) return source.accept(request.body, request.headers);
  const known = sources.map((candidate) => candidate.name).join(", ");
  const error = sources.length === 0 ? "no source of type http is configured" : `choose one by ?source=: ${known}`;
  return { status: 404, body: { accepted: 0, rejected: 0, error } };
}

/** What detectors call the client with this address: of an IPv6 one its /64. */
function clientKeyOf(subject: string): string[] {
  const address = parseAddress(subject);
  return address ? [formatNetwork(clientNetwork(address))] : [];
}

/** All that is known of an address, a user or a reference: blocking's part, then detections and their incidents. */
async function explainSubject(parts: ServiceParts, subject: string): ReturnType<ApiServices["why"]> {
  const { store, incidents, blocker } = parts;
  const blocked = await blocker.why(subject);
  const named = [subject, ...clientKeyOf(subject), ...blocked.decisions.map(({ value }) => value)];
  const where = "hasAny(mapValues(`key`), {named:Array(String)}) OR hasAny(targets, {targets:Array(String)})";
  const scopes = ["ip", "range", "user", "apiKey", "session"];
  const targets = named.flatMap((value) => scopes.map((scope) => `${scope}:${value}`));
  const actors = named.flatMap((value) => [value, `ip:${value}`, `user:${value}`, `key:${value}`]);
  const detections = await store.latest<Detection>("detections", where, { named: actors, targets }, 50);
  const ids = new Set(detections.map(({ id }) => id));
  const recent = await incidents.list({ limit: 200 });
  const involved = recent.filter((incident) => incident.detections.some((id) => ids.has(id)));
  const lines = [
    ...blocked.lines,
    ...detections.map(
      ({ firedAt, title, summary, state }) => `${new Date(firedAt).toISOString()} ${title} (${state}): ${summary}`,
    ),
    ...involved.map(
      ({ id, title, state, quiet }) => `Incident ${id}, ${state}: ${title}${quiet ? `; not paged (${quiet})` : ""}`,
    ),
  ];
  if (detections.length === 0 && blocked.decisions.length === 0)
    lines.push(`No detector has found anything on ${subject}.`);
  return { subject, lines, decisions: blocked.decisions, detections, incidents: involved };
}
