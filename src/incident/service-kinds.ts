import type { Severity } from "../detect/detection.ts";

interface KindOfTrouble {
  /** What its `name` is. */
  readonly key: string;
  readonly severity: Severity;
  readonly title: string;
  /** Which text holds while it is open: `latest` where people mend one cause and meet the next. */
  readonly tells: "first" | "latest";
}

/** What gatewatch reports on itself: one detector id and one runbook each, `gatewatch-KIND`. */
export const serviceKinds = {
  "source-silent": { key: "source", severity: "high", title: "A source has fallen silent", tells: "first" },
  "source-trouble": { key: "source", severity: "high", title: "A source can't be read", tells: "latest" },
  "detector-muted": {
    key: "detector",
    severity: "high",
    title: "A detector was switched off: it keeps failing",
    tells: "first",
  },
  "channel-failing": {
    key: "channel",
    severity: "high",
    title: "Pages don't get through on a channel",
    tells: "first",
  },
  "gateway-failing": { key: "gateway", severity: "high", title: "A gateway does not take decisions", tells: "first" },
  "proxy-trust": {
    key: "address",
    severity: "critical",
    title: "Most users seem to come from one address: a proxy is not named",
    tells: "first",
  },
  "falling-behind": { key: "source", severity: "high", title: "gatewatch falls behind", tells: "latest" },
  shedding: { key: "part", severity: "high", title: "Requests are left out of counting", tells: "latest" },
  "store-failing": { key: "part", severity: "high", title: "The store does not answer", tells: "first" },
  "reload-failed": { key: "part", severity: "low", title: "Changed files were not taken over", tells: "latest" },
} as const satisfies Record<string, KindOfTrouble>;

export type ServiceKind = keyof typeof serviceKinds;

/** The detector ids of gatewatch's own detections, for checks of what runbooks name. */
export const serviceDetectorIds: readonly string[] = Object.keys(serviceKinds).map((kind) => `gatewatch-${kind}`);
