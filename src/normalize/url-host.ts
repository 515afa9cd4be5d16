/**
 * The host of an absolute URL, without user and port: a load balancer logs the port of its listener,
 * which the client need not have written. `undefined` when it is no absolute URL.
 */
export function urlHost(url: string): string | undefined {
  const scheme = url.indexOf("://");
  if (scheme <= 0 || scheme > 12) return undefined;
  let end = scheme + 3;
  while (end < url.length && !isEnd(url.charCodeAt(end))) end++;
  const authority = url.slice(scheme + 3, end);
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  const bracket = host.lastIndexOf("]");
  const colon = host.indexOf(":", bracket + 1);
  const bare = colon < 0 ? host : host.slice(0, colon);
  return bare === "" ? undefined : bare;
}

// helpers

/** `/`, `?` or `#`. */
function isEnd(c: number): boolean {
  return c === 47 || c === 63 || c === 35;
}
