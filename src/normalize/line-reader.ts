import { maxEntries } from "../source/raw-batch.ts";
import { aboveAll, type Groups, patternOf } from "./line-pattern.ts";
import { type LineTemplate, templateOf, widen } from "./line-template.ts";
import type { JsonRecord } from "./log-format.ts";
import { decimalOf } from "./read-value.ts";

/** So many lines are learned from, and then a thousand times as many are not. */
const patience = 64;
/** Templates that differ in the order of their keys. */
const maxTemplates = 4;
/** Longer lines are left to `JSON.parse`. */
const longestLine = 65_536;
const openBracket = 91;
const closeBracket = 93;
const comma = 44;

interface Reading {
  readonly template: LineTemplate;
  readonly pattern: RegExp;
  /** Its parts are taken from the last match when they are asked for. */
  readonly record: JsonRecord;
}

/**
 * Reads JSON lines faster than `JSON.parse`: a gateway writes every line from one template, so the
 * template is learned and made into one regular expression, which the engine compiles; what a format
 * asks for is taken from its groups. A line that does not match is left to `JSON.parse`, and learned from.
 *
 * What is read here is what `JSON.parse` gives for the parts that the format reads. The record that is
 * returned holds until the next line.
 */
export class LineReader {
  readonly #wanted: ReadonlySet<string>;
  readonly #looksInto: ReadonlySet<string>;
  #readings: readonly Reading[] = [];
  #match: RegExpExecArray | null = null;
  #elements: { readonly reading: Reading; readonly match: RegExpExecArray | null }[] = [];
  #escaped = false;
  #learned = 0;
  #skipped = 0;

  /** `paths`: what is read; each stands for all that lies below it. */
  constructor(paths: readonly (readonly string[])[]) {
    const names = new Set(paths.map((path) => JSON.stringify(path)));
    // A part of what is read as a whole is no part of its own.
    const parts = paths.filter((path) => !path.some((_, i) => i > 0 && names.has(JSON.stringify(path.slice(0, i)))));
    this.#wanted = new Set(parts.map((path) => JSON.stringify(path)));
    this.#looksInto = aboveAll(this.#wanted);
  }

  /** The record of a line, or `undefined` when it is of no shape known so far. */
  read(line: string): JsonRecord | undefined {
    if (line.length > longestLine) return undefined;
    const reading = this.#readAt(line, 0);
    if (reading === undefined || reading.pattern.lastIndex !== line.length) return undefined;
    this.#escaped = line.includes("\\");
    return reading.record;
  }

  /**
   * How many records there are in an array of them, to be visited with `element`; 0 when it is no array,
   * too long, or one of its elements is of no shape known so far.
   */
  readArray(text: string): number {
    this.#elements = [];
    if (text.charCodeAt(0) !== openBracket || text.charCodeAt(text.length - 1) !== closeBracket) return 0;
    for (let at = 1; this.#elements.length < maxEntries; at++) {
      const reading = this.#readAt(text, at);
      if (reading === undefined) return 0;
      this.#elements.push({ reading, match: this.#match });
      at = reading.pattern.lastIndex;
      if (at === text.length - 1) {
        this.#escaped = text.includes("\\");
        return this.#elements.length;
      }
      if (text.charCodeAt(at) !== comma) return 0;
    }
    return 0;
  }

  /** One record of the array that was read last; it holds until the next one is asked for. */
  element(index: number): JsonRecord {
    const { reading, match } = this.#elements[index]!;
    this.#match = match;
    return reading.record;
  }

  /** The same as it was written. */
  elementText(index: number): string {
    return this.#elements[index]!.match![0];
  }

  /** False while no more lines are learned from. */
  isLearning(): boolean {
    if (this.#learned >= patience) {
      if (++this.#skipped < patience * 1000) return false;
      this.#learned = this.#skipped = 0;
    }
    return true;
  }

  /** Learns from a line that `JSON.parse` has read as an object. */
  learn(line: string): void {
    if (line.length > longestLine || !this.isLearning()) return;
    this.#learned++;
    const template = templateOf(line, this.#looksInto);
    if (template === undefined) return;
    const known = this.#readings.find((reading) => widen(reading.template, template));
    const reading = this.#readingOf(known?.template ?? template);
    // The newest first; it is the likeliest for the next line.
    this.#readings = [reading, ...this.#readings.filter((one) => one !== known)].slice(0, maxTemplates);
  }

  /** Leaves the match in `#match`, and where it ended in the pattern. */
  #readAt(text: string, at: number): Reading | undefined {
    const readings = this.#readings;
    for (let i = 0; i < readings.length; i++) {
      const reading = readings[i]!;
      reading.pattern.lastIndex = at;
      this.#match = reading.pattern.exec(text);
      if (this.#match !== null) return reading;
    }
    return undefined;
  }

  #readingOf(template: LineTemplate): Reading {
    const { pattern, groups } = patternOf(template, this.#wanted);
    const record = this.#recordOf(groups, []);
    return { template, pattern, record };
  }

  /** The object at a path, in which each part is found when it is asked for. What no line had so far is missing. */
  #recordOf(groups: readonly Groups[], above: readonly string[]): JsonRecord {
    const parts: Record<string, unknown> = {};
    const below = groups.filter(
      ({ path }) => path.length === above.length + 1 && above.every((key, i) => key === path[i]),
    );
    for (const [key, found] of Map.groupBy(below, ({ path }) => path.at(-1)!)) {
      const ways = found.map((one) => (one.object > 0 ? this.#objectGetter(one, groups) : this.#getter(one)));
      const get = ways.length === 1 ? ways[0]! : firstOf(ways);
      Object.defineProperty(parts, key, { enumerable: true, get });
    }
    // What inherits is read several times as fast as an object that was put together key by key.
    return Object.create(parts) as JsonRecord;
  }

  #objectGetter({ path, object }: Groups, groups: readonly Groups[]): () => unknown {
    const record = this.#recordOf(groups, path);
    return () => (this.#match![object] === undefined ? undefined : record);
  }

  /** How a part is taken from the last match; the usual kinds have a way of their own, which is shorter. */
  #getter({ path, text, word, whole, loose }: Groups): () => unknown {
    if (text > 0 && word === 0 && whole === 0) return () => this.#text(text);
    if (word > 0 && text === 0 && whole === 0) return () => this.#word(word);
    if (loose > 0) {
      const key = path.at(-1)!;
      return () => {
        const object = this.#match![loose];
        return object === undefined ? undefined : lookUp(object, key);
      };
    }
    const json = () => {
      const found = this.#match![whole];
      return found === undefined ? undefined : (JSON.parse(found) as unknown);
    };
    return firstOf(
      [() => this.#text(text), () => this.#word(word), json].filter((_, i) => [text, word, whole][i]! > 0),
    );
  }

  #text(group: number): string | undefined {
    const found = this.#match![group];
    return found === undefined || !this.#escaped ? found : unescaped(found);
  }

  #word(group: number): unknown {
    const found = this.#match![group];
    return found === undefined ? undefined : valueOf(found);
  }
}

// helpers

function firstOf(ways: readonly (() => unknown)[]): () => unknown {
  return () => {
    for (const way of ways) {
      const value = way();
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

function unescaped(text: string): string {
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}

function valueOf(word: string): unknown {
  // No number begins with a letter.
  if (word.charCodeAt(0) > 96) return word === "null" ? null : word === "true";
  const number = word.length > 15 ? Number(word) : decimalOf(word);
  // With an exponent.
  return Number.isNaN(number) ? Number(word) : number;
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

const valuePattern = /\s*:\s*("(?:[^"\\]|\\.)*"|[^",}\]\s[]+|\[(?:[^"\]]|"(?:[^"\\]|\\.)*")*\])/y;
