import { join } from "node:path";
import { type BlockConfig, blockConfig } from "../../src/block/block-config.ts";
import type { BlockerOptions } from "../../src/block/blocker-options.ts";
import type { Decision, TrafficFacts } from "../../src/block/decision.ts";
import { type Blocker, createBlocker } from "../../src/block/responder.ts";
import type { Detection } from "../../src/detect/detection.ts";
import type { IncidentChange, IncidentEvent } from "../../src/incident/incident.ts";
import type { RunbookBlock } from "../../src/incident/runbook.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { aDetection } from "../support/a-detection.ts";
import { aRunbook } from "../support/a-runbook.ts";
import { MemoryStore } from "../support/memory-store.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { TestClock } from "../support/test-clock.ts";

/** What the shipped runbook against credential stuffing does. */
export const ban: RunbookBlock = {
  action: "ban",
  forMs: 15 * 60_000,
  repeat: { factor: 4, maxMs: 24 * 3_600_000 },
  softer: undefined,
  dryRun: false,
  confidence: "high",
};

/** Traffic in which nothing stands in the way of a block. */
export function quietTraffic(changes: Partial<TrafficFacts> = {}): TrafficFacts {
  return {
    successfulUsers: () => 0,
    succeededBefore: () => false,
    activeClients: () => 10_000,
    loginFailedShare: () => ({ now: 0.05, before: 0.05, attempts: 500 }),
    checkoutRate: () => ({ now: 50, before: 50 }),
    proxyTrust: () => undefined,
    ...changes,
  };
}

/** The change of an incident that a detection causes. */
export function changeBy(
  detection: Detection,
  changes: { kind?: IncidentChange["kind"]; block?: Partial<RunbookBlock> | "none"; incident?: string } = {},
): IncidentChange {
  const { kind = "opened", block = {}, incident = "inc_0000000000000001" } = changes;
  return {
    kind,
    incident: {
      id: incident,
      version: 1,
      runbook: "credential-stuffing",
      title: detection.title,
      severity: detection.severity,
      state: "open",
      group: { endpointClass: "login" },
      team: "identity",
      openedAt: detection.firedAt,
      updatedAt: detection.lastSeen,
      acknowledgedAt: undefined,
      acknowledgedBy: undefined,
      resolvedAt: undefined,
      resolvedBy: undefined,
      firstSeen: detection.firstSeen,
      lastSeen: detection.lastSeen,
      detections: [detection.id],
      detectionCount: 1,
      openDetections: [detection.id],
      summary: detection.summary,
      keys: [],
      targets: detection.targets,
      quiet: undefined,
      reopened: 0,
    },
    runbook: aRunbook({ block: block === "none" ? undefined : { ...ban, ...block } }),
    detection,
    page: true,
  };
}

export interface BlockScene {
  readonly blocker: Blocker;
  readonly clock: TestClock;
  readonly store: MemoryStore;
  readonly timeline: IncidentEvent[];
  readonly stopFile: string;
  /** Traffic facts; may be changed on the way. */
  readonly traffic: { facts: TrafficFacts };
  /** Whether gateways refuse this address now. */
  refuses(address: string): boolean;
  /** A detection of the address at this moment, as an incident's change. */
  see(changes?: Partial<Detection>, more?: Parameters<typeof changeBy>[1]): Promise<void>;
  /** The newest decision that was saved on a value. */
  saved(value?: string): Decision | undefined;
  /** A second process on the same store, `afterMs` later. */
  restart(afterMs?: number): Promise<BlockScene>;
}

/** The configuration as a person would write it; blocks for real unless told otherwise. */
export function config(written: object = {}): BlockConfig {
  return blockConfig.parse({ mode: "enforce", ...written });
}

/** The block stage with everything around it faked. */
export async function blockScene(
  options: Partial<Omit<BlockerOptions, "clock" | "store">> & { clock?: TestClock; store?: MemoryStore } = {},
): Promise<BlockScene> {
  const { clock = new TestClock(), store = new MemoryStore() } = options;
  const timeline: IncidentEvent[] = [];
  const traffic = { facts: options.facts ?? quietTraffic() };
  const stopFile = options.stopFile ?? join(temporaryDirectory(), "stop-blocking");
  const blocker = createBlocker({
    log: silentLog,
    metrics: createMetrics(),
    config: config(),
    proxies: ["192.0.2.0/28"],
    check: { userHeader: "x-gatewatch-user", keyHeader: "x-gatewatch-key" },
    timeline: (line) => void timeline.push(line),
    enforcers: [],
    onTrouble() {},
    ...options,
    clock,
    store,
    stopFile,
    facts: {
      successfulUsers: (client) => traffic.facts.successfulUsers(client),
      succeededBefore: (client, time) => traffic.facts.succeededBefore(client, time),
      activeClients: () => traffic.facts.activeClients(),
      loginFailedShare: () => traffic.facts.loginFailedShare(),
      checkoutRate: () => traffic.facts.checkoutRate(),
      proxyTrust: () => traffic.facts.proxyTrust(),
    },
  });
  await blocker.load();
  return {
    blocker,
    clock,
    store,
    timeline,
    stopFile,
    traffic,
    refuses: (address) => blocker.check({ headers: { "x-real-ip": address }, peer: "127.0.0.1" }).status === 403,
    see(changes = {}, more = {}) {
      const now = clock.now();
      return blocker.changed(
        changeBy(aDetection({ firstSeen: now - 10_000, firedAt: now, lastSeen: now, ...changes }), more),
      );
    },
    saved(value = "203.0.113.7") {
      const bodies = store.rows("decisions").map((row) => row.body as Decision);
      return bodies.filter((decision) => decision.value === value).at(-1);
    },
    async restart(afterMs = 0) {
      await blocker.stop();
      await clock.advance(afterMs);
      return blockScene({ ...options, clock, store, stopFile });
    },
  };
}
