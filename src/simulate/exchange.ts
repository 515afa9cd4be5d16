import type { Outcome } from "../normalize/access-event.ts";
import type { ShopAttributes } from "./shop-event.ts";
import type { Visitor } from "./visitor.ts";

/** What an exchange is begun with. */
export interface Asked {
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly target: string;
  readonly status: number;
  /** Whole milliseconds. */
  readonly durationMs: number;
}

/**
 * One request and its answer, as the gateway knows it, and what the application said of it in headers.
 * One object is used for all: `begin` sets everything, and what is not usual is set after it.
 */
export class Exchange {
  /** When the answer ended, epoch ms. */
  time = 0;
  visitor: Visitor = nobody;
  method = "GET";
  target = "/";
  status = 200;
  durationMs = 0;
  /** `undefined`: no upstream was asked. */
  upstreamMs: number | undefined = 0;
  requestBytes = 0;
  responseBytes = 0;
  /** 32 hexadecimal digits. */
  requestId = "";
  methodOverride: string | undefined;
  /** The account that was asked for or tried, as the application knows it; the visitor's, unless set. */
  userId: string | undefined;
  /** How it ended, where the application says so in a header. */
  outcome: Outcome | undefined;
  attributes: ShopAttributes | undefined;
  /** True: it never came to this gateway, and is not logged. */
  isLost = false;
  /** True: it was answered, or asked for, in another way than was meant, by whatever was wrong with the shop. */
  isChanged = false;

  /** Starts anew: an ordinary answer of the upstream. */
  begin(visitor: Visitor, { method, target, status, durationMs }: Asked): void {
    this.visitor = visitor;
    this.method = method;
    this.target = target;
    this.status = status;
    this.durationMs = durationMs;
    this.upstreamMs = durationMs > 3 ? durationMs - 3 : durationMs;
    this.requestBytes = method === "GET" ? 640 : 900;
    this.responseBytes = status < 300 ? 2_400 : 310;
    this.methodOverride = undefined;
    this.userId = visitor.userId;
    this.outcome = undefined;
    this.attributes = undefined;
    this.isLost = false;
    this.isChanged = false;
  }
}

const nobody: Visitor = {
  ip: "0.0.0.0",
  clientKey: "0.0.0.0",
  userAgent: "-",
  place: { country: "XX", asn: 0, latitude: 0, longitude: 0 },
  deviceId: undefined,
  userId: undefined,
  sessionId: undefined,
  role: undefined,
  apiKey: undefined,
};
