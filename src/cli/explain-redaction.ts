import type { AccessEvent } from "../normalize/access-event.ts";
import { parseKeyPath } from "../normalize/key-path.ts";
import type { Draft } from "../normalize/draft.ts";
import type { LogFormat, JsonRecord } from "../normalize/log-format.ts";
import { looksSecret, redactText } from "../normalize/redact-text.ts";

const namesShown = 12;

/** What of a record was cut, replaced or hashed before anything saw it: names and kinds, never what it was. */
export function explainRedaction(event: AccessEvent, draft: Draft): string[] {
  return [
    ...queryCut(draft.target),
    ...pathCut(event, draft),
    ...textsCut(event, draft),
    ...attributesCut(event, draft),
  ];
}

/** The parts of a record that its format never looks at, by name. Whatever they hold, nobody reads it. */
export function unreadParts(format: LogFormat, sample: JsonRecord | string | undefined): string[] {
  if (typeof sample !== "object") return [];
  const read = new Set(Object.keys(format.keys).map((path) => parseKeyPath(path)[0]));
  return listed(Object.keys(sample).filter((name) => !read.has(name)));
}

// helpers

function queryCut(target: string): string[] {
  const from = target.indexOf("?");
  if (from < 0 || from === target.length - 1) return [];
  const query = target.slice(from + 1, from + 4097);
  // What stands alone may be a value, and a secret.
  const names = query.split("&", 64).map((pair) => (pair.includes("=") ? pair.slice(0, pair.indexOf("=")) : "…"));
  return [`the query, with ${listed([...new Set(names)]).join(", ")}`];
}

/** In a path what was cut is named in braces. */
function pathCut(event: AccessEvent, draft: Draft): string[] {
  if (event.origin === "shop") return [];
  const raw = draft.target;
  const marks = { "{email}": "an e-mail address", "{card}": "a card number", "{token}": "a token", "{cut}": "a value", "{long}": "a very long segment" }; // prettier-ignore
  return Object.entries(marks).flatMap(([mark, what]) =>
    event.path.includes(mark) && !raw.includes(mark) ? [`path: ${what}, shown as ${mark}`] : [],
  );
}

const texts = ["host", "userAgent", "requestId", "role", "peerIp"] as const;
const identities = ["userId", "apiKey", "sessionId", "deviceId"] as const;

function textsCut(event: AccessEvent, draft: Draft): string[] {
  const changed = [...texts, ...identities].filter(
    (field) => draft[field] !== undefined && draft[field] !== event[field],
  );
  return changed.map((field) => `${field}: ${changeOf(draft[field] as string, event[field])}`);
}

function changeOf(raw: string, kept: string | undefined): string {
  if (kept === undefined) return "left out, since it holds a card number";
  if (/^u_[0-9a-f]{16}$/.test(kept)) return "a keyed hash takes its place (privacy.pseudonymKey)";
  if (/^h_[0-9a-f]{16}$/.test(kept)) return "a hash takes its place, since whoever reads it could use it";
  const marks = (kept.match(/\{(?:cut|token|card|email)\}/g) ?? []).filter((mark) => !raw.includes(mark));
  if (marks.length > 0) return `shown in part as ${[...new Set(marks)].join(", ")}`;
  return raw.length > kept.length ? "cut to length" : "what can't be shown is replaced";
}

function attributesCut(event: AccessEvent, draft: Draft): string[] {
  const given = Object.keys(draft.attributes ?? {});
  const left = given.filter((name) => !Object.hasOwn(event.attributes ?? {}, name));
  const changed = Object.entries(event.attributes ?? {}).filter(
    ([name, value]) => String(draft.attributes?.[name]) !== value,
  );
  return [
    ...(left.length === 0 ? [] : [`attributes left out: ${listed(left).join(", ")}`]),
    ...(changed.length === 0 ? [] : [`attributes shown in part: ${listed(changed.map(([name]) => name)).join(", ")}`]),
  ];
}

/** Names may be a client's to choose, and then hold anything. */
function listed(names: readonly string[]): string[] {
  const shown = names.slice(0, namesShown).map((name) => (isName(name) ? name : "…"));
  const more = names.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

function isName(text: string): boolean {
  return /^[\w.%@:[\] -]{1,40}$/.test(text) && !looksSecret(text) && redactText(text) === text;
}
