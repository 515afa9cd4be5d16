import { isText, listOf, objectOf, type OpenApiDocument, type OpenApiObject } from "./openapi-document.ts";
import { isSensitiveName } from "./sensitive-names.ts";

/** How deep into a body's schema names are looked for, and how many parts of it are looked at. */
const maxDepth = 10;
const maxParts = 2_000;
const maxNames = 32;

/**
 * The names of an operation's sensitive parameters: in the query, the path and the body, however
 * deep. What only the server fills (`readOnly`) is none.
 */
export function sensitiveParameters(
  document: OpenApiDocument,
  item: OpenApiObject,
  operation: OpenApiObject,
): string[] {
  const names = new Set<string>();
  for (const name of parameterNames(document, item, operation)) if (isSensitiveName(name)) names.add(name);
  const content = objectOf(document.at(operation.requestBody)?.content) ?? {};
  const seen = new Set<OpenApiObject>();
  for (const media of Object.values(content)) {
    collect(document, document.at(media)?.schema, { depth: 0, seen, names });
  }
  return [...names].slice(0, maxNames);
}

// helpers

/** Those of the operation take the place of those of its path with the same name. */
function parameterNames(document: OpenApiDocument, item: OpenApiObject, operation: OpenApiObject): string[] {
  return [...listOf(item.parameters), ...listOf(operation.parameters)].flatMap((given) => {
    const parameter = document.at(given);
    const where = parameter?.in;
    return isText(parameter?.name) && (where === "query" || where === "path" || where === "querystring")
      ? [parameter.name]
      : [];
  });
}

interface Search {
  readonly depth: number;
  /** Schemas refer to themselves. */
  readonly seen: Set<OpenApiObject>;
  readonly names: Set<string>;
}

function collect(document: OpenApiDocument, value: unknown, search: Search): void {
  const own = objectOf(value);
  const target = document.at(own);
  // Since 3.1 there may be more beside a reference.
  for (const schema of own === target ? [own] : [own, target]) if (schema) collectFrom(document, schema, search);
}

function collectFrom(document: OpenApiDocument, schema: OpenApiObject, { depth, seen, names }: Search): void {
  if (depth > maxDepth || seen.has(schema) || seen.size >= maxParts) return;
  seen.add(schema);
  const deeper = { depth: depth + 1, seen, names };
  for (const [name, property] of Object.entries(objectOf(schema.properties) ?? {})) {
    if (document.at(property)?.readOnly === true) continue;
    if (isSensitiveName(name)) names.add(name);
    collect(document, property, deeper);
  }
  for (const key of ["allOf", "anyOf", "oneOf", "prefixItems"]) {
    for (const part of listOf(schema[key])) collect(document, part, deeper);
  }
  for (const key of ["items", "additionalProperties", "then", "else"]) collect(document, schema[key], deeper);
}
