/**
 * One segment of a route with a `{name}` in it: `{id}`, `v{version}`, `{id}.json`, `{from}-{to}`.
 * Each name stands for at least one character; one after another they take as little as they can.
 */
export interface NamedSegment {
  /** Before the first name. */
  readonly before: string;
  /** Between the names, in their order. */
  readonly between: readonly string[];
  /** After the last name. */
  readonly after: string;
}

/** A segment of a route: a word, one with names in it, or `{rest...}`, which is the last. */
export type RouteSegment = string | NamedSegment | typeof theRest;

/** What `{rest...}` becomes: any number of segments, or none. */
export const theRest = Symbol("{rest...}");

/** A route in parts, or what is wrong with it. Slashes that are doubled or last mean nothing. */
export function parseRoute(route: string): readonly RouteSegment[] | { readonly problem: string } {
  const segments: RouteSegment[] = [];
  const texts = route.split("/").filter((text) => text !== "");
  for (const [i, text] of texts.entries()) {
    const pieces = text.split(/\{([^{}]*)\}/);
    // Text and names take turns.
    const names = pieces.filter((_, at) => at % 2 === 1);
    const literals = pieces.filter((_, at) => at % 2 === 0);
    if (literals.some((literal) => /[{}]/.test(literal)))
      return { problem: `\`${text}\` has a brace too many or too few` };
    if (names.some((name) => name === "" || name === "..."))
      return { problem: `\`${text}\`: expected a name in the braces` };
    if (names.some((name) => name.endsWith("..."))) {
      if (pieces.length !== 3 || literals.join("") !== "" || i !== texts.length - 1) {
        return { problem: "expected {rest...} as the last segment only" };
      }
      segments.push(theRest);
    } else if (names.length === 0) segments.push(text);
    else {
      const between = literals.slice(1, -1);
      if (between.includes("")) return { problem: `\`${text}\`: expected something between the names` };
      segments.push({ before: literals[0] as string, between, after: literals.at(-1) as string });
    }
  }
  return segments;
}
