/** A request as nginx logs it (`nginx-json`); what is left out is the most ordinary. */
export interface LoggedRequest {
  /** When the answer ended, epoch ms. */
  readonly time: number;
  readonly client: string;
  readonly method?: string;
  readonly uri?: string;
  readonly status?: number;
  readonly user?: string;
  readonly agent?: string;
}

/** One line of the example gateway's access log, without its end. */
export function nginxLine(request: LoggedRequest): string {
  const { time, client, method = "GET", uri = "/api/products/17", status = 200, user = "", agent = "App/1" } = request;
  return JSON.stringify({
    msec: (time / 1000).toFixed(3),
    request_time: 0.012,
    remote_addr: client,
    peer: client,
    xff: "",
    method,
    host: "shop.example",
    uri,
    status,
    bytes_sent: 512,
    upstream_status: String(status),
    upstream_response_time: "0.011",
    request_id: `${client}-${time}`,
    user,
    ua: agent,
    gatewatch: "",
  });
}

/** A sign-in that failed, on an account of its own. */
export function failedLogin(time: number, client: string, user: string): string {
  return nginxLine({ time, client, method: "POST", uri: "/api/login", status: 401, user });
}

/** A sign-in that worked. */
export function goodLogin(time: number, client: string, user: string): string {
  return nginxLine({ time, client, method: "POST", uri: "/api/login", user });
}
