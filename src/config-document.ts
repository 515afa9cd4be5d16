import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, type Node } from "yaml";

/** Where a value is in the configuration: keys, and positions in lists. */
export type ConfigPath = readonly (string | number)[];

/** Something wrong in the configuration, before file and line are known. */
export interface Finding {
  readonly path: ConfigPath;
  readonly message: string;
  readonly example?: string;
  /** Only where there is no path: the text is no YAML. */
  readonly line?: number;
}

/** The configuration file as data, with the lines its parts are on. */
export interface ConfigDocument {
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** True when the text could not be read as YAML at all: `value` then means nothing. */
  readonly unreadable: boolean;
  /** The line of the deepest part of `path` that is in the file. */
  readonly lineOf: (path: ConfigPath) => number | undefined;
}

/** Reads YAML. Messages never quote the text: a wrong line may hold a secret. */
export function parseConfigText(text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const root = document.contents as Node | null;
  const faults = [...document.errors, ...document.warnings];
  const unreadable = faults.find((fault) => fault.code !== "DUPLICATE_KEY");
  // One bracket that is missing makes faults in every line below it; the first is the one to mend.
  const findings: Finding[] = (unreadable ? [unreadable] : faults).map((fault) => ({
    path: [],
    line: lines.linePos(fault.pos[0]).line,
    message: explanations[fault.code] ?? `this is no valid YAML (${fault.code})`,
  }));
  let value: unknown;
  try {
    if (!unreadable) value = document.toJS() ?? {};
  } catch {
    // The library refuses a file whose aliases multiply without end.
    findings.push({ path: [], line: 1, message: "too many aliases (`*name`) that refer to each other" });
  }
  return {
    value,
    findings,
    unreadable: value === undefined,
    lineOf(path) {
      const offset = offsetOf(root, path, (node) => (isAlias(node) ? node.resolve(document) : node));
      return offset === undefined ? undefined : lines.linePos(offset).line;
    },
  };
}

/** `["sources", 0, "tls"]` as people write it: `sources[0].tls`. */
export function formatPath(path: ConfigPath): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (!/^[\w-]+$/.test(key)) text += `[${JSON.stringify(key)}]`;
    else text += text === "" ? key : `.${key}`;
  }
  return text;
}

// helpers

const explanations: Readonly<Record<string, string>> = {
  ALIAS_PROPS: "text that begins with * must be in quotes",
  BAD_ALIAS: "text that begins with * must be in quotes",
  BAD_DQ_ESCAPE: 'unknown escape in "…": write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: "the indentation does not fit the lines above, or a bracket, brace or quote before it is left open",
  BAD_SCALAR_START: "text that begins with @ or ` must be in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a key and its value on one line, then more below: check the indentation and the colons",
  DUPLICATE_KEY: "this key was given before in the same place; names must be different",
  MISSING_CHAR: 'a colon, bracket, brace, comma or quote is missing; inside {…} and […] a "${NAME}" must be in quotes',
  MULTILINE_IMPLICIT_KEY: "a key goes over several lines: a colon or a quote is missing",
  MULTIPLE_DOCS: "only one YAML document is read; remove the line `---`",
  TAB_AS_INDENT: "indent with spaces, not with tabs",
  TAG_RESOLVE_FAILED: "text that begins with ! must be in quotes",
  UNEXPECTED_TOKEN:
    'something unexpected stands here; check brackets, commas and quotes; inside {…} and […] a "${NAME}" must be in quotes',
};

/** Where in the text the deepest part of `path` begins that exists. */
function offsetOf(root: unknown, path: ConfigPath, resolve: (node: unknown) => unknown): number | undefined {
  let node = resolve(root);
  let offset: number | undefined;
  for (const key of path) {
    let child: unknown;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (!isPair(pair)) break;
      offset = startOf(pair.key) ?? offset;
      child = pair.value;
    } else if (isSeq(node) && typeof key === "number") {
      child = node.items[key];
      offset = startOf(child) ?? offset;
    }
    node = resolve(child);
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
