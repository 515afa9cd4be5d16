import type { EndpointConfig } from "./endpoint-config.ts";
import { parseRoute, theRest, type NamedSegment } from "./route-pattern.ts";

/** What the inventory has for one method and path; the same object for the same entries. */
export interface EndpointMatch {
  /** The endpoint of every request. */
  readonly any: EndpointConfig | undefined;
  /** Endpoints of some requests only: of GraphQL operations, of query values. */
  readonly some: readonly EndpointConfig[];
}

/**
 * Finds an inventory's endpoint by method and path. In each segment a word wins over one with a
 * `{name}` in it, of those the one with the longer beginning, then the one with more text, and all
 * of them over `{rest...}`. `HEAD` is `GET` where it has no entry of its own.
 */
export interface EndpointIndex {
  match(method: string, path: string): EndpointMatch | undefined;
}

/** Of two entries for the same method, route, operation and query, the first holds. */
export function createEndpointIndex(endpoints: readonly EndpointConfig[]): EndpointIndex {
  const root = newNode("");
  const places = new Set(endpoints.map((endpoint) => addEndpoint(root, endpoint)));
  for (const place of places) spreadAny(place);
  return {
    match: (method, path) => (endpoints.length === 0 ? undefined : find(root, 0, { method, path: plain(path) })),
  };
}

// helpers

const slash = 47;

/** A place in the radix tree over the routes' text. A node is reached at one place of a path only, so a look-up visits it once. */
interface Node {
  /** The text that leads here. */
  text: string;
  /** Each begins with another character. */
  children: Node[];
  /** Where a name begins here: what may stand in it and after it, up to the segment's end. The most text first. */
  names: { readonly segment: NamedSegment; readonly next: Node }[];
  /** Routes that end here, and those that go on with `{rest...}`. */
  here: Place | undefined;
  rest: Place | undefined;
}

/** By method, or `ANY`. */
type Place = Map<string, { any: EndpointConfig | undefined; readonly some: EndpointConfig[] }>;

function newNode(text: string): Node {
  return { text, children: [], names: [], here: undefined, rest: undefined };
}

/** `/a//b/` and `/a/b` are the same place. */
function plain(path: string): string {
  if (path.charCodeAt(path.length - 1) !== slash && !path.includes("//")) return path;
  return path.replaceAll(/\/{2,}/g, "/").replace(/\/$/, "");
}

function addEndpoint(root: Node, endpoint: EndpointConfig): Place {
  const segments = parseRoute(endpoint.route);
  if ("problem" in segments) throw new Error(`route ${endpoint.route}: ${segments.problem}`);
  let node = root;
  let text = "";
  for (const segment of segments) {
    if (segment === theRest) return addTo((addText(node, text).rest ??= new Map()), endpoint);
    if (typeof segment === "string") text += `/${segment}`;
    else {
      node = addName(addText(node, `${text}/${segment.before}`), segment);
      text = "";
    }
  }
  return addTo((addText(node, text).here ??= new Map()), endpoint);
}

/** The node that `text` leads to from another one; an edge is split where the two part. */
function addText(from: Node, text: string): Node {
  if (text === "") return from;
  const at = from.children.findIndex((child) => child.text.charCodeAt(0) === text.charCodeAt(0));
  const child = from.children[at];
  if (child === undefined) {
    const fresh = newNode(text);
    from.children.push(fresh);
    return fresh;
  }
  let same = 1;
  while (same < text.length && same < child.text.length && text[same] === child.text[same]) same++;
  if (same === child.text.length) return addText(child, text.slice(same));
  const parting = newNode(text.slice(0, same));
  from.children[at] = parting;
  child.text = child.text.slice(same);
  parting.children.push(child);
  return addText(parting, text.slice(same));
}

function addName(node: Node, segment: NamedSegment): Node {
  const known = node.names.find((name) => shape(name.segment) === shape(segment));
  if (known) return known.next;
  const next = newNode("");
  node.names.push({ segment, next });
  node.names.sort((a, b) => inOrder(shape(a.segment), shape(b.segment)));
  return next;
}

/** The text after the beginning, with a slash for each name but the first: no segment has one. */
function shape({ between, after }: NamedSegment): string {
  return [...between, after].join("/");
}

/** The longer first; the alphabet decides between equals, so that the order in the file does not matter. */
function inOrder(a: string, b: string): number {
  return b.length - a.length || (a < b ? -1 : 1);
}

function addTo(place: Place, endpoint: EndpointConfig): Place {
  for (const method of typeof endpoint.method === "string" ? [endpoint.method] : endpoint.method) {
    let match = place.get(method);
    if (match === undefined) place.set(method, (match = { any: undefined, some: [] }));
    if (endpoint.operation === undefined && endpoint.query === undefined) match.any ??= endpoint;
    else match.some.push(endpoint);
  }
  return place;
}

/** What is said of every method holds where a single one has only entries for some requests. */
function spreadAny(place: Place): void {
  const all = place.get("ANY");
  if (all === undefined) return;
  for (const match of place.values()) {
    if (match === all) continue;
    match.any ??= all.any;
    match.some.push(...all.some);
  }
}

interface Asked {
  readonly method: string;
  readonly path: string;
}

/** `at` is how much of the path has led to `node`. */
function find(node: Node, at: number, asked: Asked): EndpointMatch | undefined {
  const { path } = asked;
  if (at === path.length) return ofMethod(node.here, asked.method) ?? ofMethod(node.rest, asked.method);
  const first = path.charCodeAt(at);
  for (const child of node.children) {
    if (child.text.charCodeAt(0) !== first) continue;
    const found = path.startsWith(child.text, at) ? find(child, at + child.text.length, asked) : undefined;
    if (found) return found;
    break;
  }
  if (node.names.length > 0 && first !== slash) {
    const found = findNamed(node, at, asked);
    if (found) return found;
  }
  return first === slash ? ofMethod(node.rest, asked.method) : undefined;
}

function findNamed(node: Node, at: number, asked: Asked): EndpointMatch | undefined {
  const slashAt = asked.path.indexOf("/", at);
  const end = slashAt < 0 ? asked.path.length : slashAt;
  for (const { segment, next } of node.names) {
    const found = fits(segment, asked.path, { at, end }) ? find(next, end, asked) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** True when the part of a segment after its beginning is names and texts in turn; leftmost is enough to know. */
function fits({ between, after }: NamedSegment, path: string, { at, end }: { at: number; end: number }): boolean {
  const last = end - after.length;
  if (last <= at || !path.startsWith(after, last)) return false;
  let from = at;
  for (const text of between) {
    const found = path.indexOf(text, from + 1);
    if (found < 0) return false;
    from = found + text.length;
    if (from >= last) return false;
  }
  return true;
}

function ofMethod(place: Place | undefined, method: string): EndpointMatch | undefined {
  if (place === undefined) return undefined;
  return place.get(method) ?? (method === "HEAD" ? place.get("GET") : undefined) ?? place.get("ANY");
}
