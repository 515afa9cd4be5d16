import type { Severity } from "../detect/detection.ts";

/** What gatewatch reports on itself: one detector id and one runbook each, `gatewatch-KIND`. */
export const serviceKinds = {
  "source-silent": { key: "source", severity: "high", title: "A source has fallen silent" },
  "source-trouble": { key: "source", severity: "high", title: "A source can't be read" },
  "detector-muted": { key: "detector", severity: "high", title: "A detector was switched off: it keeps failing" },
  "channel-failing": { key: "channel", severity: "high", title: "Pages don't get through on a channel" },
  "gateway-failing": { key: "gateway", severity: "high", title: "A gateway does not take decisions" },
  "store-failing": { key: "part", severity: "high", title: "The store does not answer" },
  "reload-failed": { key: "part", severity: "low", title: "Changed files were not taken over" },
} as const satisfies Record<string, { key: string; severity: Severity; title: string }>;

export type ServiceKind = keyof typeof serviceKinds;

/** The detector ids of gatewatch's own detections, for checks of what runbooks name. */
export const serviceDetectorIds: readonly string[] = Object.keys(serviceKinds).map((kind) => `gatewatch-${kind}`);
