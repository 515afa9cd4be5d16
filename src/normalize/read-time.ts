import type { TimeUnit } from "./formats-config.ts";
import { countOf, decimalOf } from "./read-value.ts";

/**
 * Readers of times, by hand because every event passes here. All give epoch milliseconds,
 * `undefined` for what is missing and `NaN` for what can't be read.
 */

/** RFC 3339 with a zone: `2026-08-22T09:14:07.412Z`, `2026-08-22 11:14:07+02:00`. */
export function readRfc3339(value: unknown): number | undefined {
  if (value === undefined || value === null || value === "" || value === "-") return undefined;
  if (typeof value !== "string" || value.length < 20 || value.length > 40) return Number.NaN;
  const second = secondOf(value);
  // As with all pieces of at most twelve characters, this is a copy, and quicker to look into than a piece of a line.
  const rest = value.slice(19);
  if (rest.charCodeAt(0) !== 46) return second - zoneMs(rest, 0);
  let at = 1;
  let ms = 0;
  for (; at < rest.length; at++) {
    const digit = rest.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) break;
    if (at <= 3) ms += digit * (at === 1 ? 100 : at === 2 ? 10 : 1);
  }
  return at === 1 ? Number.NaN : second + ms - zoneMs(rest, at);
}

/** The time of the common log format, which has whole seconds: `22/Aug/2026:09:14:07 +0000`. */
export function readClf(value: unknown): number | undefined {
  if (value === undefined || value === null || value === "" || value === "-") return undefined;
  if (typeof value !== "string" || value.length !== 26) return Number.NaN;
  const month = monthNumber(value.slice(3, 6));
  const day = dayNumber(two(value, 7) * 100 + two(value, 9), month, two(value, 0));
  const seconds = secondOfDay(two(value, 12), two(value, 15), two(value, 18));
  return (day * 86_400 + seconds) * 1000 - zoneMs(value, 21);
}

/**
 * A time without a zone, as a clock on the wall showed it, given as if that were UTC:
 * `22/Aug/2026:09:14:07.412`, `2026/08/22 09:14:07`, `2026-08-22 09:14:07.412`.
 */
export function readWallTime(value: unknown): number | undefined {
  if (value === undefined || value === null || value === "" || value === "-") return undefined;
  if (typeof value !== "string" || value.length < 19 || value.length > 40) return Number.NaN;
  if (value.charCodeAt(2) !== 47) return readRfc3339(`${value.slice(0, 10).replaceAll("/", "-")}${value.slice(10)}Z`);
  const whole = readClf(`${value.slice(0, 20)} +0000`);
  if (whole === undefined || value.length === 20) return whole;
  const thousandths = value.charCodeAt(20) === 46 ? Number(value.slice(21, 24)) : Number.NaN;
  return value.length === 24 ? whole + thousandths : Number.NaN;
}

/** Epoch seconds with decimals, as nginx's `$msec` writes them: `"1787390047.466"`. */
export function readEpochSeconds(value: unknown): number | undefined {
  // The usual shape, in pieces of which each is a copy.
  if (typeof value === "string" && value.length === 14) {
    const thousandths = value.slice(10);
    const ms = two(thousandths, 1) * 10 + digitAt(thousandths, 3);
    if (thousandths.charCodeAt(0) === 46 && ms >= 0) return wholeSecond(value.slice(0, 10)) + ms;
  }
  const seconds = decimalOf(value);
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/** Epoch milliseconds; nginx's times a thousand come as 1787390047411.9998, so they are rounded. */
export function readEpochMs(value: unknown): number | undefined {
  const ms = decimalOf(value);
  return ms === undefined ? undefined : Math.round(ms);
}

/**
 * A time in a stated unit. Without one: text with dashes is RFC 3339, text with slashes the common
 * log format, and a number is taken by its size, which tells s, ms, us and ns apart from 1973 on.
 */
export function readTime(value: unknown, unit: TimeUnit | undefined): number | undefined {
  switch (unit) {
    case "rfc3339":
      return readRfc3339(value);
    case "clf":
      return readClf(value);
    case "s":
      return readEpochSeconds(value);
    case "ms":
      return readEpochMs(value);
    case "us":
      return scaled(decimalOf(value), 1000);
    case "ns":
      return readEpochNs(value);
    default:
      return typeof value === "string" ? readUnstated(value) : readBySize(decimalOf(value));
  }
}

// helpers

function readUnstated(value: string): number | undefined {
  // By the first dash of a date, where nearly all have it; a zone to the west of Greenwich has one, too.
  if (value.charCodeAt(4) === 45) return readRfc3339(value);
  if (value.indexOf("/") > 0) return readClf(value);
  return value.indexOf("-") > 0 ? readRfc3339(value) : readBySize(decimalOf(value));
}

function readBySize(number: number | undefined): number | undefined {
  if (number === undefined || number < 1e11) return readEpochSeconds(number);
  if (number < 1e14) return Math.round(number);
  return scaled(number, number < 1e17 ? 1000 : 1_000_000);
}

/** Nanoseconds have more digits than a number; as text they are read in two halves. */
function readEpochNs(value: unknown): number | undefined {
  if (typeof value !== "string" || value.length !== 19) return scaled(decimalOf(value), 1_000_000);
  const seconds = countOf(value.slice(0, 10)) ?? Number.NaN;
  return seconds * 1000 + Math.floor((countOf(value.slice(10)) ?? Number.NaN) / 1_000_000);
}

function scaled(number: number | undefined, unitsPerMs: number): number | undefined {
  // To the microsecond first: …466 ms may come as …465.9999.
  return number === undefined ? undefined : Math.floor(Math.round((number / unitsPerMs) * 1000) / 1000);
}

/** The second that was read last: lines next to each other are mostly of the same. Reading it anew would give the same. */
const last = { date: "", clock: "", ms: 0 };

/** `2026-08-22T09:14:07` at the beginning of a text, as if it were UTC. */
function secondOf(text: string): number {
  const date = text.slice(0, 11);
  const clock = text.slice(11, 19);
  if (clock === last.clock && date === last.date) return last.ms;
  const separator = date.charCodeAt(10);
  const shaped =
    date.charCodeAt(4) === 45 &&
    date.charCodeAt(7) === 45 &&
    (separator === 84 || separator === 116 || separator === 32) &&
    clock.charCodeAt(2) === 58 &&
    clock.charCodeAt(5) === 58;
  if (!shaped) return Number.NaN;
  const day = dayNumber(two(date, 0) * 100 + two(date, 2), two(date, 5), two(date, 8));
  const seconds = secondOfDay(two(clock, 0), two(clock, 3), two(clock, 6));
  last.date = date;
  last.clock = clock;
  last.ms = (day * 86_400 + seconds) * 1000;
  return last.ms;
}

/** The same of a second that is written as a number. */
const lastEpoch = { text: "", ms: 0 };

/** Ten digits, in milliseconds; `NaN` when they are none. */
function wholeSecond(text: string): number {
  if (text === lastEpoch.text) return lastEpoch.ms;
  const seconds = countOf(text) ?? Number.NaN;
  if (Number.isNaN(seconds)) return seconds;
  lastEpoch.text = text;
  lastEpoch.ms = seconds * 1000;
  return lastEpoch.ms;
}

/** One digit as a number; `NaN` when it is none. */
function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - 48;
  return digit >= 0 && digit <= 9 ? digit : Number.NaN;
}

/** Two digits as a number; `NaN`, which spoils the sum, when they are none. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Days since 1970-01-01 (the algorithm of H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
function dayNumber(year: number, month: number, day: number): number {
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return Number.NaN;
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** A leap second (60) counts as the second after. */
function secondOfDay(hour: number, minute: number, second: number): number {
  return hour <= 23 && minute <= 59 && second <= 60 ? hour * 3600 + minute * 60 + second : Number.NaN;
}

/** `Z`, `+02:00`, `+0200` or ` +0200` at the end of the text; a time without a zone could be any. */
function zoneMs(text: string, from: number): number {
  let at = from;
  const first = text.charCodeAt(at);
  if ((first === 90 || first === 122) && text.length === at + 1) return 0;
  const sign = first === 43 ? 1 : first === 45 ? -1 : Number.NaN;
  const hours = two(text, ++at);
  at += 2;
  if (text.charCodeAt(at) === 58) at++;
  const minutes = two(text, at);
  return text.length === at + 2 && hours <= 23 && minutes <= 59 ? sign * (hours * 60 + minutes) * 60_000 : Number.NaN;
}

const months: Readonly<Record<string, number>> = {
  Jan: 1, Feb: 2, Mar: 3, Apr: 4, May: 5, Jun: 6, Jul: 7, Aug: 8, Sep: 9, Oct: 10, Nov: 11, Dec: 12,
}; // prettier-ignore

function monthNumber(name: string): number {
  return months[name] ?? Number.NaN;
}
