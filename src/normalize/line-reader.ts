import { maxEntries } from "../source/raw-batch.ts";
import { aboveAll, type LinePattern, patternOf } from "./line-pattern.ts";
import { type LineMatch, LineRecord } from "./line-record.ts";
import { type LineTemplate, templateOf, widen } from "./line-template.ts";
import type { JsonRecord } from "./log-format.ts";

/** So many lines are learned from, and then a thousand times as many are not. */
const patience = 64;
/** Templates that differ in the order of their keys. */
const maxTemplates = 4;
/** Longer lines are left to `JSON.parse`. */
const longestLine = 65_536;
const openBracket = 91;
const closeBracket = 93;
const comma = 44;

interface Reading extends LinePattern {
  readonly template: LineTemplate;
  /** The groups that hold texts. */
  readonly texts: readonly number[];
  readonly parts: LineRecord;
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
  readonly #line: LineMatch = { groups: null };
  /** Where that match ended. */
  #end = 0;
  /** Whether the text under way has a backslash. */
  #escaped = false;
  #elements: { readonly reading: Reading; readonly match: RegExpExecArray | null }[] = [];
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
    this.#escaped = line.includes("\\");
    const reading = this.#readAt(line, 0);
    return reading !== undefined && this.#end === line.length ? reading.record : undefined;
  }

  /**
   * How many records there are in an array of them, to be visited with `element`; 0 when it is no array,
   * too long, or one of its elements is of no shape known so far.
   */
  readArray(text: string): number {
    this.#elements = [];
    if (text.charCodeAt(0) !== openBracket || text.charCodeAt(text.length - 1) !== closeBracket) return 0;
    this.#escaped = text.includes("\\");
    for (let at = 1; this.#elements.length < maxEntries; at++) {
      const reading = this.#readAt(text, at);
      if (reading === undefined) return 0;
      this.#elements.push({ reading, match: this.#line.groups });
      at = this.#end;
      if (at === text.length - 1) return this.#elements.length;
      if (text.charCodeAt(at) !== comma) return 0;
    }
    return 0;
  }

  /** One record of the array that was read last; it holds until the next one is asked for. */
  element(index: number): JsonRecord {
    const { reading, match } = this.#elements[index]!;
    this.#line.groups = match;
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
    const reading = this.#readingOf(known?.template ?? template, known);
    // The newest first; it is the likeliest for the next line.
    this.#readings = [reading, ...this.#readings.filter((one) => one !== known)].slice(0, maxTemplates);
  }

  /** Leaves the match in `#line`, and where it ended in `#end`. */
  #readAt(text: string, at: number): Reading | undefined {
    const readings = this.#readings;
    for (let i = 0; i < readings.length; i++) {
      const reading = readings[i]!;
      const pattern = this.#escaped ? reading.pattern : reading.plain;
      pattern.lastIndex = at;
      const groups = pattern.exec(text);
      if (groups === null) continue;
      if (this.#escaped) unescape(groups, reading);
      this.#line.groups = groups;
      this.#end = pattern.lastIndex;
      return reading;
    }
    return undefined;
  }

  #readingOf(template: LineTemplate, known: Reading | undefined): Reading {
    const pattern = patternOf(template, this.#wanted);
    const parts = known?.parts ?? new LineRecord(this.#line);
    parts.use(pattern.groups);
    const texts = pattern.groups.map(({ text }) => text).filter((group) => group > 0);
    return { ...pattern, template, texts, parts, record: parts.record };
  }
}

// helpers

function unescape(groups: RegExpExecArray, { texts }: Reading): void {
  for (const group of texts) {
    const text: string | undefined = groups[group];
    if (text?.includes("\\")) groups[group] = JSON.parse(`"${text}"`) as string;
  }
}
