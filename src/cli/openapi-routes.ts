import { parseRoute } from "../normalize/route-pattern.ts";
import { isText, listOf, objectOf, type OpenApiDocument, type OpenApiObject } from "./openapi-document.ts";

/** Servers beyond these are other places of the same paths. */
const maxBases = 8;

/** What stands in front of an operation's paths, by the servers nearest to it: `""`, `/v2`. Each once. */
export function basePaths(document: OpenApiDocument, item: OpenApiObject, operation: OpenApiObject): string[] {
  const nearest = [operation.servers, item.servers, document.root.servers].find((one) => listOf(one).length > 0);
  const bases = listOf(nearest).flatMap((server) => basePath(objectOf(server)) ?? []);
  return bases.length === 0 ? [""] : [...new Set(bases)].slice(0, maxBases);
}

/** A path as the inventory writes it: names without odd letters, a query as values to compare; or why it can't. */
export function toRoute(path: string): { route: string; query?: Record<string, string> } | { problem: string } {
  const [beforeQuery = "", query = ""] = path.replace(/#.*$/, "").split("?", 2);
  const route = beforeQuery
    // AWS and some frameworks have a name for the rest of the path.
    .replace(/\/\{([^{}]+?)(?:\+|\*)\}$/, (_, name: string) => `/{${plainName(name)}...}`)
    .replaceAll(/\{([^{}]*?)(\.\.\.)?\}/g, (_, name: string, rest = "") => `{${plainName(name)}${rest}}`)
    // Nobody can tell where one ends and the next begins.
    .replaceAll(/(\{\w+\})(?:\{\w+\})+/g, "$1")
    .replace(/(?<=.)\/$/, "");
  if (/\s/.test(route) || route.length > 512) return { problem: "its path has spaces, or is too long" };
  const parsed = parseRoute(route);
  if ("problem" in parsed) return parsed;
  const values = [...new URLSearchParams(query)]
    .filter(([name, value]) => name !== "" && name.length <= 128 && value.length <= 256)
    .slice(0, 8);
  return { route, ...(values.length > 0 && { query: Object.fromEntries(values) }) };
}

// helpers

function plainName(name: string): string {
  return name.replaceAll(/\W+/g, "_").slice(0, 64) || "value";
}

/** `https://{region}.shop.example/{version}` with its variables' defaults has the base `/v2`. */
function basePath(server: OpenApiObject | undefined): string | undefined {
  if (!isText(server?.url)) return undefined;
  const variables = objectOf(server.variables) ?? {};
  const url = server.url.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    const value = objectOf(variables[name])?.default;
    return isText(value) ? value : whole;
  });
  // Relative ones are relative to where the document lies, which nobody knows here.
  const path = URL.parse(url, "http://localhost/")?.pathname;
  return path?.replaceAll("%7B", "{").replaceAll("%7D", "}").replace(/\/+$/, "");
}
