import type { EndpointConfig } from "./endpoint-config.ts";

/** What the inventory has for one method and path. */
export interface EndpointMatch {
  /** The endpoint for any operation. */
  readonly any: EndpointConfig | undefined;
  /** Endpoints of single GraphQL operations. */
  readonly operations: ReadonlyMap<string, EndpointConfig> | undefined;
}

/** Finds an inventory's endpoint by method and path; exact words win over `{name}`, that over `{rest...}`. */
export interface EndpointIndex {
  match(method: string, path: string): EndpointMatch | undefined;
}

interface Node {
  readonly words: Map<string, Node>;
  name: Node | undefined;
  /** By method, or `ANY`. */
  readonly here: Map<string, MutableMatch>;
  readonly rest: Map<string, MutableMatch>;
}

interface MutableMatch {
  any: EndpointConfig | undefined;
  operations: Map<string, EndpointConfig> | undefined;
}

/** Of two entries for the same method, route and operation, the first holds. */
export function createEndpointIndex(endpoints: readonly EndpointConfig[]): EndpointIndex {
  const root = newNode();
  for (const endpoint of endpoints) add(root, endpoint);
  return {
    match: (method, path) => (endpoints.length === 0 ? undefined : find(root, segmentsOf(path), { at: 0, method })),
  };
}

// helpers

function newNode(): Node {
  return { words: new Map(), name: undefined, here: new Map(), rest: new Map() };
}

/** `/a//b/` and `/a/b` are the same place. */
function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function add(root: Node, endpoint: EndpointConfig): void {
  let node = root;
  let place = node.here;
  for (const segment of segmentsOf(endpoint.route)) {
    if (segment.startsWith("{") && segment.endsWith("...}")) {
      place = node.rest;
      break;
    }
    if (segment.startsWith("{") && segment.endsWith("}")) node = node.name ??= newNode();
    else {
      let next = node.words.get(segment);
      if (next === undefined) node.words.set(segment, (next = newNode()));
      node = next;
    }
    place = node.here;
  }
  for (const method of typeof endpoint.method === "string" ? [endpoint.method] : endpoint.method) {
    let match = place.get(method);
    if (match === undefined) place.set(method, (match = { any: undefined, operations: undefined }));
    if (endpoint.operation === undefined) match.any ??= endpoint;
    else {
      match.operations ??= new Map();
      if (!match.operations.has(endpoint.operation)) match.operations.set(endpoint.operation, endpoint);
    }
  }
}

/** Depth first; a path has at most as many branches as the inventory has templates on the way. */
function find(
  node: Node,
  segments: readonly string[],
  { at, method }: { at: number; method: string },
): EndpointMatch | undefined {
  const rest = node.rest.get(method) ?? node.rest.get("ANY");
  if (at === segments.length) return node.here.get(method) ?? node.here.get("ANY") ?? rest;
  const word = node.words.get(segments[at] as string);
  const deeper = { at: at + 1, method };
  return (word && find(word, segments, deeper)) ?? (node.name && find(node.name, segments, deeper)) ?? rest;
}
