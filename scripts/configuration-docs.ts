import { stringify } from "yaml";
import type { JsonSchema } from "../src/json-schema.ts";

/** `docs/configuration.md`: every key of the schema with its meaning, value, default and an example. */
export function configurationDocs(schema: JsonSchema): string {
  const sections = Object.entries(schema.properties ?? {}).map(([name, section]) =>
    describeSection(name, section, schema.required?.includes(name) ?? false),
  );
  return [introduction, ...sections].join("\n");
}

// helpers

const introduction = `# Configuration

<!-- Written by scripts/write-schema.ts from the schema; a test fails when it is stale. -->

One YAML file, \`gatewatch.yaml\` unless \`--config FILE\` names another. \`gatewatch check\` validates it, with detectors and
runbooks, and starts nothing: all problems are told at once, and the exit code is 2. Editors check it as you type with
\`docs/configuration.schema.json\` (put \`# yaml-language-server: $schema=PATH\` on the first line).

- **Secrets** stay outside: \`\${NAME}\` in any text is the environment variable \`NAME\`, or the content of the file that
  the environment variable \`NAME_FILE\` names, without its last line end. \`\${NAME_FILE}\` is that file's content, too.
  In \`{…}\` and \`[…]\`, write it in quotes. \`\${NAME:-8080}\` says what holds
  where neither is set. What comes from outside is always text. \`$\${\` is a plain \`\${\`.
- **Paths** are relative to the configuration file.
- **Time spans** are a whole number and \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`; **sizes** end in \`B\`, \`KiB\`, \`MiB\` or \`GiB\`.
- **Without a restart**, when the file is saved or on SIGHUP, these are taken over: \`block\`, \`detectors\`, \`runbooks\`,
  \`teams\`, \`channels\`, \`endpoints\` and \`endpointFiles\`, and the files of endpoints, detectors and runbooks. Other changes are named in the log
  and wait for a restart. A file with a problem changes nothing: the last good one stays, and the log says why.
  A secret that changes in a mounted file is read at the next SIGHUP.
`;

const head = "| key | meaning | value | default | example |\n| --- | --- | --- | --- | --- |";

function describeSection(name: string, section: JsonSchema, required: boolean): string {
  const lines = [`## \`${name}\``, "", sentence(section.description ?? "", required)];
  const { prefix, shape } = inside(name, section);
  const variants = members(shape).filter((member) => member.properties);
  if (variants.length > 1) {
    for (const variant of variants) {
      const type = variant.properties?.type;
      lines.push("", `### \`type: ${String(type?.const)}\``, "");
      if (type?.description) lines.push(type.description, "");
      lines.push(head, ...rowsOf(prefix, variant));
    }
  } else {
    const rows = rowsOf(prefix, shape);
    if (rows.length > 0) lines.push("", head, ...rows);
  }
  const example = section.examples?.[0];
  if (example !== undefined) lines.push("", "```yaml", stringify({ [name]: example }, { lineWidth: 0 }).trim(), "```");
  return `${lines.join("\n")}\n`;
}

/** Steps into lists and maps of names: `sources[]`, `teams.NAME`. */
function inside(path: string, schema: JsonSchema): { prefix: string; shape: JsonSchema } {
  if (schema.items) return inside(`${path}[]`, schema.items);
  if (typeof schema.additionalProperties === "object" && !schema.properties) {
    return inside(`${path}.NAME`, schema.additionalProperties);
  }
  return { prefix: path, shape: schema };
}

/** A row for each key below `path`, and for those below them. */
function rowsOf(path: string, schema: JsonSchema): string[] {
  const known = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const own = `${path}.${name}`;
    return [row(own, property, schema.required?.includes(name) ?? false), ...rowsBelow(own, property)];
  });
  if (typeof schema.additionalProperties !== "object" || !schema.properties) return known;
  return [...known, ...rowsBelow(`${path}.NAME`, schema.additionalProperties)];
}

function rowsBelow(path: string, schema: JsonSchema): string[] {
  const { prefix, shape } = inside(path, schema);
  const below = [shape, ...members(shape)].filter((member) => member.properties);
  return below.flatMap((member) => rowsOf(prefix, member));
}

function row(path: string, schema: JsonSchema, required: boolean): string {
  const fallback = schema.default === undefined ? (required ? "required" : "") : code(schema.default);
  const example = schema.examples?.[0] === undefined ? "" : code(schema.examples[0]);
  return `| \`${path}\` | ${cell(schema.description ?? "")} | ${cell(valueOf(schema))} | ${fallback} | ${example} |`;
}

/** What may stand there, in a few words. */
function valueOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return code(schema.const);
  // A long list would make its row a page.
  if (schema.enum && schema.enum.length > 24) return "names";
  if (schema.enum) return schema.enum.map(code).join(", ");
  const choices = members(schema);
  if (choices.length > 0) return [...new Set(choices.map(valueOf))].join(", or ");
  if (schema.type === "array") return schema.items ? `list: ${valueOf(schema.items)}` : "list";
  if (schema.type === "object") return "keys";
  if (schema.type === "boolean") return "`true`, `false`";
  if (schema.type === "string") return pattern(schema);
  if (schema.type !== "integer" && schema.type !== "number") return "any";
  const bounds = [schema.minimum, schema.maximum].map((bound) => (typeof bound === "number" ? String(bound) : "…"));
  const kind = schema.type === "integer" ? "whole number" : "number";
  return bounds.every((bound) => bound === "…") ? kind : `${kind}, ${bounds.join(" to ")}`;
}

function pattern(schema: JsonSchema): string {
  const text = schema.pattern ?? "";
  if (text.endsWith("(ms|s|m|h|d)$")) return "time span";
  if (text.endsWith("(B|KiB|MiB|GiB)$")) return "size";
  return schema.format === "uri" ? "URL" : "text";
}

function members(schema: JsonSchema): readonly JsonSchema[] {
  return schema.oneOf ?? schema.anyOf ?? [];
}

function code(value: unknown): string {
  const text = stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
  return `\`${text.replaceAll("|", "\\|")}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function sentence(text: string, required: boolean): string {
  const ended = /[.:]$/.test(text) ? text : `${text}.`;
  return required ? `${ended} Required.` : ended;
}
