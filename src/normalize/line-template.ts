/** What may stand at one key of an object, as far as lines showed it. */
export interface Member {
  readonly key: string;
  /** Some lines lack it. */
  optional: boolean;
  /** A text stood there. */
  text: boolean;
  /** A number, `true`, `false` or `null` stood there. */
  word: boolean;
  /** A list stood there. */
  list: boolean;
  /** An object stood there that nobody looks into. */
  object: boolean;
  /** An object stood there that somebody looks into: its members in order. */
  members: Member[] | undefined;
  /** The object's keys come in more than one order (headers): it can't be read member by member. */
  loose: boolean;
}

/** How the lines of a source are built: which keys, in which order, and what stands between them. */
export interface LineTemplate {
  /** `,` or `, `. */
  readonly comma: string;
  /** `:` or `: `. */
  readonly colon: string;
  readonly members: Member[];
}

/** Lines with more keys than these in one object, or deeper objects, have no template. */
const maxMembers = 128;
const maxDepth = 6;

/**
 * The template of one line that is known to be a JSON object. `looksInto` says of a path (as JSON)
 * whether anybody reads what lies below. `undefined` for a line that is spaced in its own way.
 */
export function templateOf(line: string, looksInto: ReadonlySet<string>): LineTemplate | undefined {
  const colon = /^\{"[^"\\]*"(: ?)/.exec(line)?.[1];
  if (colon === undefined) return undefined;
  return templateIn(line, { colon, comma: ",", looksInto }) ?? templateIn(line, { colon, comma: ", ", looksInto });
}

/** Widens `known` until it fits the other one too; false when their keys come in orders that don't agree. */
export function widen(known: LineTemplate, other: LineTemplate): boolean {
  if (known.comma !== other.comma || known.colon !== other.colon) return false;
  if (!agree(known.members, other.members)) return false;
  widenMembers(known.members, other.members);
  return true;
}

// helpers

interface Style {
  readonly colon: string;
  readonly comma: string;
  readonly looksInto: ReadonlySet<string>;
}

interface Cursor {
  readonly line: string;
  at: number;
}

function templateIn(line: string, style: Style): LineTemplate | undefined {
  const cursor = { line, at: 0 };
  const members = readObject(cursor, style, []);
  if (members === undefined || cursor.at !== line.length) return undefined;
  return { comma: style.comma, colon: style.colon, members };
}

function readObject(cursor: Cursor, style: Style, above: readonly string[]): Member[] | undefined {
  const members: Member[] = [];
  cursor.at++;
  if (take(cursor, "}")) return members;
  do {
    const key = takeMatch(cursor, plainText)?.slice(1, -1);
    if (key === undefined || members.length === maxMembers || !take(cursor, style.colon)) return undefined;
    // Which of two doubled keys counts is the parser's to say.
    if (members.some((member) => member.key === key)) return undefined;
    const member = readMember(cursor, style, [...above, key]);
    if (member === undefined) return undefined;
    members.push(member);
  } while (take(cursor, style.comma));
  return take(cursor, "}") ? members : undefined;
}

function readMember(cursor: Cursor, style: Style, path: readonly string[]): Member | undefined {
  const nothing = {
    optional: false,
    text: false,
    word: false,
    list: false,
    object: false,
    members: undefined,
    loose: false,
  };
  const member: Member = { key: path.at(-1) ?? "", ...nothing };
  if (takeMatch(cursor, text) !== undefined) member.text = true;
  else if (takeMatch(cursor, word) !== undefined) member.word = true;
  else if (cursor.line[cursor.at] === "{" && style.looksInto.has(JSON.stringify(path))) {
    member.members = path.length < maxDepth ? readObject(cursor, style, path) : undefined;
    if (member.members === undefined) return undefined;
  } else {
    if (cursor.line[cursor.at] === "{") member.object = true;
    else member.list = true;
    if (!takeWhole(cursor)) return undefined;
  }
  return member;
}

const plainText = /"[^"\\]*"/y;
const text = /"(?:[^"\\]|\\.)*"/y;
const word = /-?\d[\d.eE+-]*|true|false|null/y;
const beforeBracket = /(?:[^"[\]{}]|"(?:[^"\\]|\\.)*")*/y;

function take(cursor: Cursor, expected: string): boolean {
  if (!cursor.line.startsWith(expected, cursor.at)) return false;
  cursor.at += expected.length;
  return true;
}

function takeMatch(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.line)?.[0];
  if (found !== undefined) cursor.at += found.length;
  return found;
}

/** A list or an object, to its closing bracket. */
function takeWhole(cursor: Cursor): boolean {
  for (let depth = 0; cursor.at < cursor.line.length;) {
    takeMatch(cursor, beforeBracket);
    const bracket = cursor.line[cursor.at++];
    if (bracket === "{" || bracket === "[") depth++;
    else if (--depth <= 0) return depth === 0;
  }
  return false;
}

/** Whether one order of keys does for both, save in objects that can be loose. */
function agree(known: readonly Member[], others: readonly Member[]): boolean {
  if (!isOneOrder(known, others)) return false;
  return others.every((other) => {
    const member = known.find(({ key }) => key === other.key);
    if (!member?.members || !other.members || agree(member.members, other.members)) return true;
    return isFlat(member.members) && isFlat(other.members);
  });
}

function isOneOrder(known: readonly Member[], others: readonly Member[]): boolean {
  const places = others.map(({ key }) => known.findIndex((member) => member.key === key)).filter((place) => place >= 0);
  const isFull = known.length + others.length - places.length > maxMembers;
  return !isFull && places.every((place, i) => i === 0 || place > places[i - 1]!);
}

function isFlat(members: readonly Member[]): boolean {
  return members.every((member) => member.members === undefined && !member.object);
}

function widenMembers(known: Member[], others: readonly Member[]): void {
  for (const member of known) if (!others.some(({ key }) => key === member.key)) member.optional = true;
  let at = 0;
  for (const other of others) {
    const member = known.find(({ key }) => key === other.key);
    if (member === undefined) known.splice(at++, 0, { ...other, optional: true });
    else {
      widenMember(member, other);
      at = known.indexOf(member) + 1;
    }
  }
}

function widenMember(known: Member, other: Member): void {
  known.text ||= other.text;
  known.word ||= other.word;
  known.list ||= other.list;
  known.object ||= other.object;
  known.loose ||= other.loose;
  if (other.members === undefined) return;
  if (known.members === undefined) known.members = other.members;
  else if (agree(known.members, other.members)) widenMembers(known.members, other.members);
  else known.loose = true;
}
