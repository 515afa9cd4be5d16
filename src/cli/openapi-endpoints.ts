import { endpointClasses, type EndpointClass } from "../normalize/access-event.ts";
import { explainGuess, guessFromWords } from "../normalize/guess-class.ts";
import type { InventoryEntry } from "./inventory-yaml.ts";
import { isText, listOf, objectOf, type OpenApiDocument, type OpenApiObject } from "./openapi-document.ts";
import { sensitiveParameters } from "./openapi-parameters.ts";
import { basePaths, toRoute } from "./openapi-routes.ts";
import { likelyRisks } from "./likely-risks.ts";
import { wordsOf } from "./sensitive-names.ts";

/** What an OpenAPI document tells of a shop's endpoints. */
export interface ImportedEndpoints {
  readonly entries: readonly InventoryEntry[];
  /** What could not be taken over, for people. */
  readonly notes: readonly string[];
}

/**
 * The endpoints of a document, in its order. `basePath` takes the place of those of its servers:
 * what the gateway sees in front of the paths. Webhooks and callbacks go the other way, and are
 * left out; so is `OPTIONS`, which browsers send by themselves.
 */
export function openApiEndpoints(document: OpenApiDocument, basePath: string | undefined): ImportedEndpoints {
  const notes: string[] = [];
  const byKey = new Map<string, InventoryEntry>();
  for (const [path, item] of document.paths) {
    for (const [name, value] of operationsOf(document, item)) {
      const method = name.toUpperCase();
      const described = describe(document, { path, item, method, operation: value });
      const places = basePath === undefined ? basePaths(document, item, value) : [basePath];
      for (const base of places) {
        const route = toRoute(`${base}${path}`);
        if ("problem" in route) {
          notes.push(`${method} ${path} is left out: ${route.problem}`);
          continue;
        }
        const key = JSON.stringify([method, route.route.replaceAll(/\{\w+\}/g, "{}"), route.query ?? {}]);
        if (!byKey.has(key)) byKey.set(key, { ...described, method, ...route });
      }
    }
  }
  if (byKey.size === 0) notes.push("There is no operation under any of its paths.");
  if (document.unresolved.size > 0) notes.push(unresolvedNote([...document.unresolved]));
  return { entries: [...byKey.values()], notes };
}

// helpers

const methods = ["get", "head", "post", "put", "patch", "delete", "query", "trace"] as const;

interface Operation {
  readonly path: string;
  readonly item: OpenApiObject;
  readonly method: string;
  readonly operation: OpenApiObject;
}

function operationsOf(document: OpenApiDocument, item: OpenApiObject): (readonly [string, OpenApiObject])[] {
  return methods.flatMap((method) => {
    const operation = document.at(item[method]);
    // HEAD is GET, unless it stands alone.
    if (operation === undefined || (method === "head" && item.get !== undefined)) return [];
    return [[method, operation] as const];
  });
}

function describe(document: OpenApiDocument, asked: Operation): Omit<InventoryEntry, "method" | "route" | "query"> {
  const { item, operation } = asked;
  const { endpointClass, comment } = classOf(asked);
  const authentication = authenticationOf(document, operation);
  const owner = [operation, item, document.root].map((part) => part["x-owner"]).find(isOwner);
  const sensitive = sensitiveParameters(document, item, operation);
  const deprecated = operation.deprecated === true;
  const risks = likelyRisks({ endpointClass, authentication, deprecated, path: asked.path });
  return {
    class: endpointClass,
    ...(owner !== undefined && { owner }),
    ...(authentication !== undefined && { authentication }),
    ...(sensitive.length > 0 && { sensitive }),
    ...(risks.length > 0 && { owasp: risks }),
    ...(deprecated && { deprecated }),
    comment,
  };
}

/** What the document says itself, else the words of the path, of the operation's name, of its tags. */
function classOf({ path, item, method, operation }: Operation): { endpointClass: EndpointClass; comment: string } {
  const given = operation["x-gatewatch-class"] ?? item["x-gatewatch-class"];
  if (isClass(given)) return { endpointClass: given, comment: "from x-gatewatch-class" };
  const wrong = given === undefined ? "" : "; its x-gatewatch-class is none that there is";
  // `/?wc-ajax=apply_coupon` has its word in the query.
  const byPath = explainGuess(method, path.replaceAll(/[?&=]/g, "/"));
  if (byPath) return { ...byPath, comment: `guessed from "${byPath.word}"${wrong}` };
  const id = isText(operation.operationId) ? operation.operationId : "";
  const byId = guessFromWords(method, wordsOf(id));
  if (byId) return { ...byId, comment: `guessed from "${byId.word}" in the operation's name${wrong}` };
  const tags = listOf(operation.tags).filter(isText);
  const byTag = guessFromWords(
    method,
    tags.flatMap((tag) => [tag.toLowerCase(), ...wordsOf(tag)]),
  );
  if (byTag) return { ...byTag, comment: `guessed from "${byTag.word}" in its tags${wrong}` };
  return { endpointClass: "other", comment: `nothing tells what it is for${wrong}` };
}

function isOwner(value: unknown): value is string {
  return isText(value) && value.length <= 128;
}

function isClass(value: unknown): value is EndpointClass {
  return (endpointClasses as readonly unknown[]).includes(value);
}

/** `security`, the operation's before the document's; one alternative without any scheme makes it optional. */
function authenticationOf(document: OpenApiDocument, operation: OpenApiObject): InventoryEntry["authentication"] {
  const security = operation.security ?? document.root.security;
  if (!Array.isArray(security)) {
    // A document that has schemes means what it does not say; one without says nothing of users at all.
    return objectOf(objectOf(document.root.components)?.securitySchemes) === undefined ? undefined : "none";
  }
  if (security.length === 0) return "none";
  const free = security.some((alternative) => Object.keys(objectOf(alternative) ?? {}).length === 0);
  if (!free) return "required";
  return security.length === 1 ? "none" : "optional";
}

function unresolvedNote(references: readonly string[]): string {
  const shown = references.slice(0, 3).map((reference) => reference.slice(0, 120));
  const more = references.length > shown.length ? ` and ${references.length - shown.length} more` : "";
  return `Not followed, so that parameters may be missing: ${shown.join(", ")}${more}. Bundle the document into one file first.`;
}
