/** A path and the query that the log has beside it, as the client sent them: `/a` and `b=c` make `/a?b=c`. */
export function targetWithQuery(path: unknown, query: unknown): unknown {
  if (typeof path !== "string" || typeof query !== "string" || query === "" || query === "-") return path;
  if (path === "" || path.includes("?")) return path;
  return query.startsWith("?") ? path + query : `${path}?${query}`;
}
