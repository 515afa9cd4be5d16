/**
 * A function from its code, an expression that may use the names of `given`. For what is asked of every
 * event and known only at the start: written out, each question has a place of its own, where V8
 * predicts and inlines it; in a loop all of them share one. Nothing of a configuration or a log may be
 * in the code, save what `JSON.stringify` has quoted.
 */
export function compile(given: Readonly<Record<string, unknown>>, code: string): unknown {
  // oxlint-disable-next-line typescript/no-implied-eval -- see above
  const make = new Function(...Object.keys(given), `"use strict"; return ${code};`) as (...all: unknown[]) => unknown;
  return make(...Object.values(given));
}
