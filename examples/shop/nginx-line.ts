/** One request of the example shop, as its nginx saw it. */
export interface Request {
  readonly method: string;
  readonly uri: string;
  readonly client: Client;
  readonly status: number;
  /** Seconds. */
  readonly took: number;
  readonly user?: string;
  /** The status the application gave; absent when nginx answered by itself. */
  readonly upstreamStatus?: number;
  /** Set when the gateway refused the request because gatewatch told it to. */
  readonly gatewatch?: "block" | "throttle";
}

/** Whoever asks, with the place nginx's geo module logs for the address. */
export interface Client {
  readonly address: string;
  readonly agent: string;
  readonly country: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly asn: number;
}

/** The line nginx writes for a request whose answer ended at `time` (epoch ms); docs/formats.md has the format. */
export function nginxLine(request: Request, time: number, id: number): string {
  const { client } = request;
  const upstream = request.upstreamStatus === undefined ? "" : String(request.upstreamStatus);
  return `${JSON.stringify({
    msec: (time / 1000).toFixed(3),
    request_time: request.took,
    remote_addr: client.address,
    peer: "10.20.0.4",
    xff: client.address,
    method: request.method,
    host: "api.shop.example",
    uri: request.uri,
    status: request.status,
    bytes_sent: 200 + (id % 900),
    upstream_status: upstream,
    upstream_response_time: upstream === "" ? "" : request.took.toFixed(3),
    request_id: requestId(id),
    user: request.user ?? "",
    ua: client.agent,
    country: client.country,
    latitude: client.latitude,
    longitude: client.longitude,
    asn: client.asn,
    gatewatch: request.gatewatch ?? "",
  })}\n`;
}

/** 32 hex digits that look as random as nginx's, and are the same every time for the same number. */
function requestId(id: number): string {
  let text = "";
  let state = id + 1;
  for (let i = 0; i < 4; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    text += ((state ^ (state >>> 13)) >>> 0).toString(16).padStart(8, "0");
  }
  return text;
}
