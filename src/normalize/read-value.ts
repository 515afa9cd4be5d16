/**
 * Readers of single values, as logs write them: numbers as numbers or as text, and what is missing
 * as `null`, `""` or `"-"`. All give `undefined` for what is missing; numbers that can't be read
 * are `NaN`, so that a caller can tell the two apart.
 */

/** Text, or `undefined` when it is missing. */
export function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : readText(value);
}

/** A header: its text, or all its lines joined with a comma. At most 64 lines. */
export function headerOf(value: unknown): string | undefined {
  if (!Array.isArray(value)) return textOf(value);
  let header: string | undefined;
  for (let i = 0; i < value.length && i < 64; i++) {
    const line: unknown = value[i];
    if (typeof line === "string") header = header === undefined ? line : `${header}, ${line}`;
  }
  return header;
}

/** A whole number that is not negative (a status, a number of bytes). */
export function countOf(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : Number.NaN;
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") return Number.NaN;
  if (value === "" || value === "-") return undefined;
  if (value.length > 15) return Number.NaN;
  let number = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

/** A number with a decimal point (a duration, a coordinate). */
export function decimalOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") return Number.NaN;
  if (value === "" || value === "-") return undefined;
  return value.length <= 15 ? shortDecimal(value) : longDecimal(value);
}

/** A number between two bounds, or nothing: for what is nice to have and not worth a rejection. */
export function withinOf(value: unknown, low: number, high: number): number | undefined {
  const number = decimalOf(value);
  return number !== undefined && number >= low && number <= high ? number : undefined;
}

/** Two capital letters, as ISO 3166 has them; `ZZ` and `XX` stand for "not known" in many logs. */
export function countryOf(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length !== 2) return undefined;
  const country = isCapital(value.charCodeAt(0)) && isCapital(value.charCodeAt(1)) ? value : value.toUpperCase();
  if (country === "ZZ" || country === "XX" || country.length !== 2) return undefined;
  return isCapital(country.charCodeAt(0)) && isCapital(country.charCodeAt(1)) ? country : undefined;
}

/** A network's number: `64500`, `"64500"` or `"AS64500"`. */
export function asnOf(value: unknown): number | undefined {
  const digits = typeof value === "string" && value.startsWith("AS") ? value.slice(2) : value;
  const number = countOf(digits);
  return number !== undefined && number > 0 && number <= 0xffffffff ? number : undefined;
}

// helpers

/** Apart from `textOf`: most of what a format asks for is missing, and that should cost nothing. */
function readText(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" || value === "-" ? undefined : value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

function isCapital(code: number): boolean {
  return code >= 65 && code <= 90;
}

const powersOfTen = Array.from({ length: 16 }, (_, i) => 10 ** i);

/** At most 15 digits: exact as a whole number, and right in the last bit once divided by a power of ten. */
function shortDecimal(text: string): number {
  let number = 0;
  let decimals = -1;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      number = number * 10 + digit;
      if (decimals >= 0) decimals++;
    } else if (digit === -2 && decimals < 0 && i > 0) decimals = 0;
    else return longDecimal(text);
  }
  if (decimals === 0) return Number.NaN;
  return decimals < 0 ? number : number / (powersOfTen[decimals] as number);
}

/** `Number` also reads "0x10", " 1 " and "Infinity": none of them is what a log means. */
function longDecimal(text: string): number {
  return /^[+-]?\d{1,20}(?:\.\d{1,20})?$/.test(text) ? Number(text) : Number.NaN;
}
