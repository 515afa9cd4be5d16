import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Detection } from "../detect/detection.ts";
import { plainText } from "./plain-text.ts";
import { serviceKinds, type ServiceKind } from "./service-kinds.ts";

/** How gatewatch reports on itself. Both calls may be repeated; only a change makes a detection. */
export interface ServiceDetections {
  /**
   * Something of gatewatch is in trouble. `name`: which source, channel, …; `text`: one sentence with
   * the facts. Another text is news only for kinds that tell the latest.
   */
  raise(kind: ServiceKind, name: string, text: string): void;
  /** It works again. */
  clear(kind: ServiceKind, name: string): void;
  /**
   * Takes up what an earlier run left open. What isn't raised again within five minutes is over: the
   * part that would clear it may never have known of it.
   */
  restore(open: readonly Detection[]): void;
  /** What is open now. */
  open(): Detection[];
}

/** More troubles at once than there are parts; further ones are dropped, as the page tells enough. */
const maxOpen = 1000;

const confirmWithinMs = 5 * 60_000;

/** `emit` is called with each detection that opened, changed or closed. */
export function createServiceDetections(options: {
  readonly clock: Clock;
  readonly emit: (detection: Detection) => void;
}): ServiceDetections {
  const { clock, emit } = options;
  const open = new Map<string, Detection>();
  /** Of an earlier run, and not heard of since. */
  const doubtful = new Set<string>();

  const put = (at: string, detection: Detection) => {
    if (detection.state === "open") open.set(at, detection);
    else open.delete(at);
    emit(detection);
  };
  const end = (at: string) => {
    const known = open.get(at);
    doubtful.delete(at);
    if (known) put(at, { ...known, version: known.version + 1, state: "closed", lastSeen: clock.now() });
  };

  return {
    raise(kind, name, text) {
      const report = { kind, name: plainText(name, 100), text: plainText(text, 500), now: clock.now() };
      const at = slot(`gatewatch-${kind}`, report.name);
      doubtful.delete(at);
      const known = open.get(at);
      if (!known && open.size < maxOpen) put(at, begin(report));
      const isNews = serviceKinds[kind].tells === "latest" && known?.summary !== report.text;
      if (known && isNews) put(at, restated(known, report));
    },
    clear(kind, name) {
      end(slot(`gatewatch-${kind}`, plainText(name, 100)));
    },
    restore(detections) {
      for (const detection of detections) {
        if (detection.origin !== "service" || detection.state !== "open") continue;
        const at = slot(detection.detector, Object.values(detection.key)[0] ?? "");
        if (open.has(at)) continue;
        open.set(at, detection);
        doubtful.add(at);
      }
      clock.after(confirmWithinMs, () => [...doubtful].forEach(end));
    },
    open: () => [...open.values()],
  };
}

// helpers

function slot(detector: string, name: string): string {
  return JSON.stringify([detector, name]);
}

function restated(known: Detection, report: { text: string; now: number }): Detection {
  return { ...known, version: known.version + 1, summary: report.text, lastSeen: report.now };
}

/** The id is the same for the same trouble within a minute, so that a restart in its midst repeats it. */
function begin(report: { kind: ServiceKind; name: string; text: string; now: number }): Detection {
  const { kind, name, text, now } = report;
  const { key, severity, title } = serviceKinds[kind];
  const minute = Math.floor(now / 60_000);
  const digest = createHash("sha256")
    .update(JSON.stringify([kind, name, minute]))
    .digest("hex");
  return {
    id: `det_${digest.slice(0, 16)}`,
    version: 1,
    detector: `gatewatch-${kind}`,
    title,
    severity,
    owasp: [],
    state: "open",
    sealed: true,
    key: { [key]: name },
    firstSeen: now,
    firedAt: now,
    lastSeen: now,
    counters: {},
    summary: text,
    targets: [],
    clientIpCertain: false,
    evidence: [],
    endpointClass: undefined,
    route: undefined,
    owner: undefined,
    confidence: "high",
    strength: 1,
    signal: "service",
    mode: "active",
    coverage: "full",
    stale: false,
    supersedes: undefined,
    origin: "service",
  };
}
