import { isLoopback } from "./listen-address.ts";

/** Headers by which a browser gives away on whose behalf it asks. */
export interface OriginHeaders {
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly "sec-fetch-site"?: string | undefined;
}

/**
 * True when the Host header names this service: loopback, or a name that was configured. A page of
 * somebody else's whose name was made to point here (DNS rebinding) carries its own name.
 */
export function isKnownHost(host: string | undefined, allowedHosts: readonly string[]): boolean {
  const name = hostName(host);
  return name !== undefined && (isLoopback(name) || allowedHosts.some((allowed) => hostName(allowed) === name));
}

/**
 * True unless a browser sent the request for another site's page (CSRF). Programs send neither
 * header. The port counts as well: another program's page on this machine is another site.
 */
export function isSameOrigin(headers: OriginHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  if (headers.origin === undefined) return true;
  return URL.canParse(headers.origin) && new URL(headers.origin).host === headers.host?.toLowerCase();
}

// helpers

/** Without port, brackets and a final dot; `undefined` when it is no host at all. */
function hostName(host: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+?)\.?)(?::\d{1,5})?$/i.exec(host ?? "");
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}
