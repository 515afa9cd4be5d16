import { parseConfigText, formatPath, type Finding } from "../config-document.ts";
import { GatewatchError } from "../errors.ts";

/** A part of a document that is an object; nothing in it is known to be of any type. */
export type OpenApiObject = Readonly<Record<string, unknown>>;

/** An OpenAPI document, with its references within itself followed when they are asked for. Nothing is ever fetched. */
export interface OpenApiDocument {
  readonly root: OpenApiObject;
  /** Its title and version, as people call it. */
  readonly title: string;
  /** The paths and what is at each. */
  readonly paths: readonly (readonly [path: string, item: OpenApiObject])[];
  /** The object itself, or the one that its `$ref` leads to, without what stands beside that; `undefined` for anything else. */
  at(value: unknown): OpenApiObject | undefined;
  /** References that led nowhere, or out of the document, as far as they were asked for. */
  readonly unresolved: ReadonlySet<string>;
}

/** Reads YAML or JSON; throws `OPENAPI_INVALID` with everything that is wrong. */
export function parseOpenApi(text: string, file: string): OpenApiDocument {
  const root = checkVersion(parse(text, file), file);
  const unresolved = new Set<string>();
  const targets = new Map<string, OpenApiObject | undefined>();
  const at = (value: unknown) => {
    const object = objectOf(value);
    const ref = object?.$ref;
    if (typeof ref !== "string") return object;
    if (!targets.has(ref)) targets.set(ref, follow(root, ref));
    const target = targets.get(ref);
    if (target === undefined) unresolved.add(ref);
    return target;
  };
  const given = objectOf(root.paths);
  if (given === undefined) {
    throw invalid(file, [
      { path: ["paths"], message: "is missing; expected a map of paths", example: "paths: { /login: { post: {} } }" },
    ]);
  }
  const findings: Finding[] = [];
  const paths = Object.entries(given).flatMap(([path, value]) => {
    if (path.startsWith("x-")) return [];
    const item = path.startsWith("/") ? at(value) : undefined;
    if (item === undefined) findings.push({ path: ["paths", path], ...pathProblem(path, value) });
    return item === undefined ? [] : [[path, item] as const];
  });
  if (findings.length > 0) throw invalid(file, findings);
  unresolved.clear();
  const info = objectOf(root.info);
  return { root, title: [info?.title, info?.version].filter(isText).join(" "), paths, at, unresolved };
}

export function objectOf(value: unknown): OpenApiObject | undefined {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as OpenApiObject) : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

// helpers

/** References to references; a longer chain is a circle. */
const maxHops = 16;

function parse(text: string, file: string): unknown {
  if (/^\s*[{[]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // YAML in braces, or broken JSON: the YAML reader says where.
    }
  }
  const document = parseConfigText(text);
  // A key that is there twice is no reason to refuse what others wrote: the last one holds, as in JSON.
  if (document.unreadable) throw invalid(file, document.findings);
  return document.value;
}

function checkVersion(value: unknown, file: string): OpenApiObject {
  const root = objectOf(value);
  const problem = (path: string[], message: string) => invalid(file, [{ path, message, example: 'openapi: "3.1.0"' }]);
  if (root === undefined || Object.keys(root).length === 0) {
    throw problem([], "is no OpenAPI document: expected a map with `openapi`, `info` and `paths`");
  }
  if (root.openapi === undefined && root.swagger !== undefined) {
    throw problem(
      ["swagger"],
      `this is Swagger ${shown(root.swagger)}; expected OpenAPI 3: convert it first (swagger2openapi does)`,
    );
  }
  if (root.openapi === undefined && root.asyncapi !== undefined) {
    throw problem(["asyncapi"], "this is AsyncAPI, which tells of messages; expected OpenAPI 3");
  }
  if (root.openapi === undefined) throw problem(["openapi"], "is missing; expected the version of OpenAPI");
  if (!/^3\.\d+(\.\d+)?$/.test(shown(root.openapi))) {
    throw problem(["openapi"], `is ${shown(root.openapi)}; expected version 3.0 or later, below 4`);
  }
  return root;
}

function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).slice(0, 20) : typeof value;
}

function pathProblem(path: string, value: unknown): Omit<Finding, "path"> {
  if (!path.startsWith("/")) return { message: "expected a path that begins with /", example: `/${path}` };
  const ref = objectOf(value)?.$ref;
  if (typeof ref !== "string") return { message: "expected a map of methods", example: "{ get: {} }" };
  if (ref.startsWith("#")) return { message: `refers to ${ref}, which is not in the document` };
  return {
    message: `refers to ${ref}, outside this file, and only references within it are followed; bundle the document first`,
    example: "npx @redocly/cli bundle openapi.yaml -o bundled.yaml",
  };
}

/** What a reference leads to, also over others; nothing outside the document. */
function follow(root: OpenApiObject, ref: string): OpenApiObject | undefined {
  let next: unknown = ref;
  for (let hop = 0; hop < maxHops; hop++) {
    if (typeof next !== "string" || !next.startsWith("#")) return undefined;
    const target = pointed(root, next.slice(1));
    if (typeof target?.$ref !== "string") return target;
    next = target.$ref;
  }
  return undefined;
}

/** RFC 6901, in a URL's fragment. */
function pointed(root: OpenApiObject, pointer: string): OpenApiObject | undefined {
  let found: unknown = root;
  for (const part of pointer.split("/").slice(1)) {
    const key = decoded(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (found === null || typeof found !== "object" || !Object.hasOwn(found, key)) return undefined;
    found = (found as OpenApiObject)[key];
  }
  return objectOf(found);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not percent-encoded
  }
}

function invalid(file: string, findings: readonly Finding[]): GatewatchError {
  const problems = findings.slice(0, 20).map(({ path, message, example, line }) => ({
    file,
    path: path.length === 0 ? (line === undefined ? "" : `line ${line}`) : formatPath(path),
    message,
    ...(line !== undefined && { line }),
    ...(example !== undefined && { example }),
  }));
  return new GatewatchError(
    "OPENAPI_INVALID",
    `${file === "-" ? "Standard input" : file} is no OpenAPI document that can be read.`,
    {
      problems,
      remedy: "Name a document of OpenAPI 3.0 or later, YAML or JSON, in one file; docs/endpoints.md has examples.",
    },
  );
}
