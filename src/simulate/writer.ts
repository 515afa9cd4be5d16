import type { EventField } from "../normalize/access-event.ts";
import type { CustomFormatConfig } from "../normalize/formats-config.ts";
import type { Exchange } from "./exchange.ts";
import type { ShopEvent } from "./shop-event.ts";
import type { WrittenTimes } from "./written-time.ts";

/** How a gateway writes its log by default. Nothing has to be escaped; see `Visitor`. */
export interface LineFormat {
  /** The format that reads it. */
  readonly id: string;
  /** `json`: an object with keys of its own at the top, so that the shop's keys can follow. */
  readonly kind: "json" | "text";
  /** Fields of the event that are read from a line as the exchange has them. */
  readonly carries: readonly EventField[];
  /** Of a log that has to be described: what `formats:` of a configuration says of this id. */
  readonly described?: CustomFormatConfig;
  /** Makes what writes lines, without a line break; of `json` without the closing brace, too. */
  readonly create: (times: WrittenTimes) => (exchange: Exchange) => string;
}

/** Writes what happened as lines of a log. */
export interface Writer {
  /** What `--format` calls it. */
  readonly id: string;
  /** The format that reads it. */
  readonly format: string;
  readonly carries: readonly EventField[];
  /** Of a log that has to be described: what `formats:` of a configuration says of `format`. */
  readonly described?: CustomFormatConfig | undefined;
  /** Without a line break. */
  request(exchange: Exchange): string;
  /** Absent: the log holds requests alone. `time`: epoch ms. */
  readonly shopEvent?: (event: ShopEvent, time: number) => string;
}

/** The name that customers reach the shop by. */
export const shopHost = "api.shop.example";

/** What every format carries. */
export const usualFields = [
  "time", "clientIp", "clientKey", "method", "path", "status", "responseBytes", "userAgent",
] as const satisfies readonly EventField[]; // prettier-ignore

/** What gateways carry that log how long it took, and who answered. */
export const timedFields = [
  ...usualFields, "startedAt", "host", "durationMs", "upstreamMs", "answeredBy", "requestBytes",
] as const satisfies readonly EventField[]; // prettier-ignore

/** A target without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}
