import { existsSync, readFileSync } from "node:fs";
import { formatList } from "../../src/normalize/format-list.ts";
import { customFormat } from "../../src/normalize/custom-format.ts";
import type { LogFormat } from "../../src/normalize/log-format.ts";
import { formatsConfig } from "../../src/normalize/formats-config.ts";

/** Formats that have to be described: one that uses every way to name a field, and CloudFront's. */
export const describedFormats = formatsConfig.parse({
  "shop-json": {
    fields: {
      time: { path: "ts", unit: "s", at: "start" },
      clientIp: "client.ip",
      forwardedFor: "xff",
      method: "http.method",
      path: "http.path",
      status: "http.status",
      durationMs: { path: "took", unit: "s" },
      upstreamMs: { path: 'upstream["took.us"]', unit: "us" },
      upstreamStatus: "answered",
      userId: "user",
      "attributes.promoCode": "promo",
      "attributes.loginResult": "loginResult",
    },
  },
  cloudfront: {
    cloudfront: [
      "timestamp", "c-ip", "time-to-first-byte", "sc-status", "sc-bytes", "cs-method", "cs-host", "cs-uri-stem",
      "cs-bytes", "x-edge-request-id", "time-taken", "cs-user-agent", "cs-cookie", "x-forwarded-for",
      "x-edge-detailed-result-type", "c-country", "origin-fbl", "origin-lbl", "asn",
    ], // prettier-ignore
  },
});

export interface FormatCase {
  readonly id: string;
  readonly format: LogFormat;
  /** Its golden records, as they would arrive. */
  readonly records: readonly string[];
}

const golden = new URL("../golden/formats/", import.meta.url);

/** Where a format's expected events are. */
export function expectedFile(id: string): string {
  return new URL(`${id}.json`, golden).pathname;
}

/** Every format with its golden records; a new format needs only the files. */
export const formatCases: readonly FormatCase[] = [
  ...formatList,
  ...Object.entries(describedFormats).map(([name, config]) => customFormat(name, config)),
].map((format) => {
  const file = new URL(`${format.id}.${format.kind === "json" ? "jsonl" : "log"}`, golden);
  // Without the file the format's own tests fail, and not everybody's.
  return { id: format.id, format, records: existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [] };
});
