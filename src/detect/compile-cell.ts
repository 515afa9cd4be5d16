import type { AccessEvent } from "../normalize/access-event.ts";
import { always, type Cell, type Work } from "./cells.ts";
import { compile } from "./compile.ts";
import type { Counter } from "./define-detector.ts";
import { hash32, hashNumber } from "./hash.ts";
import { binOf } from "./sketch.ts";
import { lastWidth, type Scratch } from "./slot.ts";

/** What one event means to the counters of its cell; used again for each event. */
export interface Outcome {
  /** By test that tells evidence: 1 where it passed. */
  passed: Uint8Array;
  /** By work: the bits of the slots that match, and of the lane's detectors that have it for evidence. */
  masks: Int32Array;
  evidence: Int32Array;
  /** By value: a number, or for `last` counters a list. */
  numbers: Float64Array;
  lists: (readonly (number | undefined)[])[];
}

/** A cell as code of its own. */
export interface CellProgram {
  /** Asks the event everything, each predicate once and each value at most once. Throws what a detector's functions throw. */
  readonly read: (event: AccessEvent, outcome: Outcome) => void;
  /** By work: puts what its lane counts of the event into the scratch. */
  readonly fill: readonly ((scratch: Scratch, outcome: Outcome) => void)[];
}

/** Writes a cell out as code, in which most predicates become a comparison or two. */
export function compileCell({ tests, values, work, evidence }: Cell): CellProgram {
  const users = values.map((_, v) => work.flatMap(({ slots }) => slots.filter(({ value }) => value === v)));
  const lines = [
    ...tests.map((_, t) => `const t${t} = tests[${t}](event) ? 1 : 0;`),
    ...evidence.flatMap(({ test }) => (test === always ? [] : [`outcome.passed[${test}] = t${test};`])),
    ...values.flatMap((counter, v) => takeValue(counter, v, anyOf(users[v]!.map(({ test }) => test)))),
    ...work.map(({ slots }, w) => `outcome.masks[${w}] = ${bits(slots.map(slotBit))};`),
    ...work.map(({ judges }, w) => `outcome.evidence[${w}] = ${bits(judges.map((judge) => ({ ...judge, has: "" })))};`),
  ];
  const of = values.map((counter) => ("of" in counter ? counter.of : undefined));
  const given = { tests, of, hash32, hashNumber, binOf };
  const read = compile(given, `(event, outcome) => { ${lines.join("\n")} }`) as CellProgram["read"];
  return { read, fill: work.map((item) => compileFill(item, values)) };
}

// helpers

function compileFill({ slots }: Work, values: readonly Counter[]): CellProgram["fill"][number] {
  const lines = slots.flatMap(({ slot: { at }, value }) => {
    if (value === always) return [];
    if (values[value]!.kind !== "last") return [`scratch.values[${at}] = outcome.numbers[${value}];`];
    const places = Array.from({ length: lastWidth }, (_, i) => i);
    return places.map((i) => `scratch.values[${at + i}] = outcome.lists[${value}][${i}] ?? 0;`);
  });
  return compile({}, `(scratch, outcome) => { ${lines.join("\n")} }`) as CellProgram["fill"][number];
}

/** Leaves in `has` whether the event has a value for a counter, and the value in the outcome. */
function takeValue(counter: Counter, v: number, isWanted: string): string[] {
  const known = {
    count: "",
    distinct: `if (of${v} !== undefined) { has${v} = 1; outcome.numbers[${v}] = Number.isSafeInteger(of${v}) ? hashNumber(of${v}) : hash32(String(of${v})); }`,
    last: `if (of${v}.every((one) => one !== undefined && Number.isFinite(one))) { has${v} = 1; outcome.lists[${v}] = of${v}; }`,
    quantile: `if (of${v} !== undefined && Number.isFinite(of${v})) { has${v} = 1; outcome.numbers[${v}] = binOf(of${v}); }`,
    number: `if (of${v} !== undefined && Number.isFinite(of${v})) { has${v} = 1; outcome.numbers[${v}] = of${v}; }`,
  };
  const { kind } = counter;
  const keep = known[kind === "firstSeen" ? "distinct" : kind === "sum" || kind === "max" ? "number" : kind];
  return [`let has${v} = 0;`, `if (${isWanted}) { const of${v} = of[${v}](event); ${keep} }`];
}

function anyOf(tests: readonly number[]): string {
  return tests.includes(always) ? "true" : tests.map((test) => `t${test} === 1`).join(" || ");
}

function slotBit({ slot, test, value }: Work["slots"][number]): Bit {
  return { bit: slot.bit, test, has: value === always ? "" : `has${value}` };
}

interface Bit {
  readonly bit: number;
  readonly test: number;
  /** The variable that tells whether there is a value; empty where none is needed. */
  readonly has: string;
}

/** The sum of the bits whose conditions hold. */
function bits(all: readonly Bit[]): string {
  const fixed = all.reduce((sum, { bit, test, has }) => (test === always && has === "" ? sum | bit : sum), 0);
  const rest = all.flatMap(({ bit, test, has }) => {
    const conditions = [...(test === always ? [] : [`t${test}`]), ...(has === "" ? [] : [has])];
    return conditions.length === 0 ? [] : [`(-(${conditions.join(" & ")}) & ${bit})`];
  });
  return [String(fixed), ...rest].join(" | ");
}
