import type { Groups } from "./line-pattern.ts";
import type { JsonRecord } from "./log-format.ts";
import { decimalOf } from "./read-value.ts";

/** The line that was read last. */
export interface LineMatch {
  /** What the groups of its pattern hold; texts as they are once their escapes are read. */
  groups: RegExpExecArray | null;
}

/** The record of a line: each part is taken from the line's match when it is asked for. */
export class LineRecord {
  readonly #line: LineMatch;
  /** The objects in the record, by their path as JSON, and what each inherits its parts from. */
  readonly #objects = new Map<string, { readonly parts: object; readonly record: JsonRecord }>();

  constructor(line: LineMatch) {
    this.#line = line;
  }

  get record(): JsonRecord {
    return this.#objectAt([]).record;
  }

  /**
   * Where the parts stand in the line's pattern; what has no group is missing. The objects stay the same
   * ones from pattern to pattern: code that has read some is fast for these, and slow for a fifth kind.
   */
  use(groups: readonly Groups[]): void {
    this.#define(groups, []);
  }

  #define(groups: readonly Groups[], above: readonly string[]): JsonRecord {
    const { parts, record } = this.#objectAt(above);
    for (const key of Object.keys(parts)) Reflect.deleteProperty(parts, key);
    const below = groups.filter(
      ({ path }) => path.length === above.length + 1 && above.every((key, i) => key === path[i]),
    );
    for (const [key, found] of Map.groupBy(below, ({ path }) => path.at(-1)!)) {
      const ways = found.map((one) => (one.object > 0 ? this.#objectGetter(one, groups) : getterOf(one, this.#line)));
      const get = ways.length === 1 ? ways[0]! : firstOf(ways);
      Object.defineProperty(parts, key, { configurable: true, enumerable: true, get });
    }
    return record;
  }

  #objectAt(path: readonly string[]) {
    const name = JSON.stringify(path);
    const known = this.#objects.get(name);
    if (known !== undefined) return known;
    const parts = {};
    // What inherits is read several times as fast as an object that was put together key by key.
    const fresh = { parts, record: Object.create(parts) as JsonRecord };
    this.#objects.set(name, fresh);
    return fresh;
  }

  #objectGetter({ path, object }: Groups, groups: readonly Groups[]): () => unknown {
    const record = this.#define(groups, path);
    const line = this.#line;
    return () => (line.groups![object] === undefined ? undefined : record);
  }
}

// helpers

/** How a part is taken from the last match. */
function getterOf({ path, text, word, whole, loose }: Groups, line: LineMatch): () => unknown {
  if (loose > 0) return looseGetter(line, loose, path.at(-1)!);
  const ways: (() => unknown)[] = [];
  if (text > 0) ways.push(textGetter(line, text));
  if (word > 0) ways.push(wordGetter(line, word));
  if (whole > 0) ways.push(wholeGetter(line, whole));
  return ways.length === 1 ? ways[0]! : firstOf(ways);
}

function textGetter(line: LineMatch, group: number): () => string | undefined {
  return () => line.groups![group];
}

function wordGetter(line: LineMatch, group: number): () => unknown {
  return () => {
    const found = line.groups![group];
    return found === undefined ? undefined : valueOf(found);
  };
}

function wholeGetter(line: LineMatch, group: number): () => unknown {
  return () => {
    const found = line.groups![group];
    return found === undefined ? undefined : parsed(found);
  };
}

function looseGetter(line: LineMatch, group: number, key: string): () => unknown {
  return () => {
    const object = line.groups![group];
    return object === undefined ? undefined : lookUp(object, key);
  };
}

function firstOf(ways: readonly (() => unknown)[]): () => unknown {
  return () => {
    for (const way of ways) {
      const value = way();
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

function valueOf(word: string): unknown {
  // No number begins with a letter.
  if (word.charCodeAt(0) > 96) return word === "null" ? null : word === "true";
  const number = word.length > 12 ? Number(word) : decimalOf(word);
  // With an exponent.
  return Number.isNaN(number) ? Number(word) : number;
}

/** A list or an object. Cutting a list of texts (a header) apart is several times as fast as parsing it. */
function parsed(json: string): unknown {
  if (json === "[]") return [];
  if (json === "{}") return {};
  if (!listOfTexts.test(json)) return JSON.parse(json);
  const texts: string[] = [];
  const last = json.length - 2;
  for (let at = 2; at <= last;) {
    const end = json.indexOf('"', at);
    texts.push(json.slice(at, end));
    at = end + 3;
  }
  return texts;
}

/**
 * One value of a flat object. Inside a text every quote is escaped, so that `"key":` can only be a key;
 * of a doubled one the last counts.
 */
function lookUp(object: string, key: string): unknown {
  const name = `"${key}"`;
  for (let at = object.lastIndexOf(name); at >= 0; at = object.lastIndexOf(name, at - 1)) {
    valuePattern.lastIndex = at + name.length;
    const json = valuePattern.exec(object)?.[1];
    if (json !== undefined) return JSON.parse(json);
    if (at === 0) break;
  }
  return undefined;
}

const listOfTexts = /^\["[^"\\]*"(?:,"[^"\\]*")*\]$/;
const valuePattern = /\s*:\s*("(?:[^"\\]|\\.)*"|[^",}\]\s[]+|\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\])/y;
