import type { LineTemplate, Member } from "./line-template.ts";

/** Which groups of the pattern hold a part of the record; 0: none does. */
export interface Groups {
  readonly path: readonly string[];
  /** Holds an empty text where an object stands that parts lie in. */
  readonly object: number;
  /** What stands between the quotes of a text. */
  readonly text: number;
  /** A number or a word. */
  readonly word: number;
  /** A list or an object, as JSON. */
  readonly whole: number;
  /** The object, as JSON, in which the path's last key is to be looked up. */
  readonly loose: number;
}

export interface LinePattern {
  readonly pattern: RegExp;
  /** The same for lines without a backslash, and quicker for not looking for one in each text. */
  readonly plain: RegExp;
  /** The groups of both. */
  readonly groups: readonly Groups[];
}

/**
 * The regular expression of a template, with groups for the parts in `wanted` (paths as JSON); sticky,
 * so that it reads an object wherever one begins. It takes linear time: no two of its ways begin
 * alike, so nothing is tried twice.
 */
export function patternOf(template: LineTemplate, wanted: ReadonlySet<string>): LinePattern {
  const build = (text: string) => {
    const builder = new PatternBuilder(template, { wanted, text });
    return { pattern: new RegExp(builder.objectOf(template.members, []), "y"), groups: builder.groups };
  };
  return { ...build(characters), plain: build(unescaped).pattern };
}

/** The paths (as JSON) of all objects that parts lie in. */
export function aboveAll(names: ReadonlySet<string>): ReadonlySet<string> {
  const paths = [...names].map((name) => JSON.parse(name) as string[]);
  return new Set(paths.flatMap((path) => path.slice(1).map((_, i) => JSON.stringify(path.slice(0, i + 1)))));
}

// helpers

class PatternBuilder {
  readonly groups: Groups[] = [];
  readonly #wanted: ReadonlySet<string>;
  readonly #text: string;
  readonly #comma: string;
  readonly #colon: string;
  #count = 0;

  /** `text`: what may stand between the quotes of one. */
  constructor({ comma, colon }: LineTemplate, { wanted, text }: { wanted: ReadonlySet<string>; text: string }) {
    this.#wanted = wanted;
    this.#text = text;
    this.#comma = comma;
    this.#colon = colon;
  }

  objectOf(members: readonly Member[], above: readonly string[]): string {
    const lastRequired = members.findLastIndex(({ optional }) => !optional);
    const parts = members.map((member, i) => {
      const value = this.#valueOf(member, [...above, member.key]);
      const part = `"${escape(member.key)}"${this.#colon}${value}${this.#after(members, i, lastRequired)}`;
      return member.optional ? `(?:${part})?` : part;
    });
    return `\\{${parts.join("")}\\}`;
  }

  /** A member has its comma behind it, save the last one in the line. */
  #after(members: readonly Member[], i: number, lastRequired: number): string {
    if (i < lastRequired) return this.#comma;
    return i === members.length - 1 ? "" : `(?:${this.#comma}(?!\\})|(?=\\}))`;
  }

  #valueOf(member: Member, path: readonly string[]): string {
    const isWanted = this.#wanted.has(JSON.stringify(path));
    const found = { path, ...none };
    const either: string[] = [];
    const add = (kind: "text" | "word" | "whole", inner: string) => {
      if (isWanted) found[kind] = ++this.#count;
      const group = isWanted ? `(${inner})` : `(?:${inner})`;
      either.push(kind === "text" ? `"${group}"` : group);
    };
    if (member.text) add("text", this.#text);
    if (member.word) add("word", words);
    if (member.members !== undefined) {
      either.push(member.loose ? this.#looseOf(path) : this.#innerOf(member.members, path));
    }
    if (member.list || member.object)
      add("whole", `(?:${member.list ? lists : nothing}|${member.object ? objects : nothing})`);
    if (isWanted) this.groups.push(found);
    return either.length === 1 ? either[0]! : `(?:${either.join("|")})`;
  }

  #innerOf(members: readonly Member[], path: readonly string[]): string {
    this.groups.push({ path, ...none, object: ++this.#count });
    return `()${this.objectOf(members, path)}`;
  }

  /** The whole object in one group, for each part in it. */
  #looseOf(path: readonly string[]): string {
    const loose = ++this.#count;
    this.groups.push({ path, ...none, object: loose });
    for (const name of this.#wanted) {
      const part = JSON.parse(name) as string[];
      const isIn = part.length === path.length + 1 && path.every((key, i) => key === part[i]);
      if (isIn) this.groups.push({ path: part, ...none, loose });
    }
    return `(${flatObject})`;
  }
}

const none = { object: 0, text: 0, word: 0, whole: 0, loose: 0 };

const unescaped = String.raw`[^"\\\x00-\x1f]*`;
/** What may stand between the quotes of a text. */
const characters = String.raw`${unescaped}(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})${unescaped})*`;
const words = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|null|true|false`;
const between = String.raw`[^"[\]{}\\\x00-\x1f]*`;
/** A list or an object that holds none, one that holds such, and so on: deep enough for what gateways log. */
const shallow = String.raw`[[{]${between}(?:"${characters}"${between})*[\]}]`;
const deeper = String.raw`[[{]${between}(?:(?:"${characters}"|${shallow})${between})*[\]}]`;
const inside = String.raw`${between}(?:(?:"${characters}"|${deeper})${between})*`;
const lists = String.raw`\[${inside}\]`;
const objects = String.raw`\{${inside}\}`;
/** Matches nothing at all. */
const nothing = "(?!)";
const simple = String.raw`(?:"${characters}"|${words})`;
const simpleMember = String.raw`"${characters}": ?(?:${simple}|\[(?:${simple}(?:, ?${simple})*)?\])`;
/** An object in which no other is, so that a key in it is its own. */
const flatObject = String.raw`\{(?:${simpleMember}(?:, ?${simpleMember})*)?\}`;

function escape(key: string): string {
  return key.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
