import { readFileSync, statSync } from "node:fs";
import type { ConfigPath, Finding } from "./config-document.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Data whose `${NAME}` are filled in. */
export interface Interpolated {
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Every value that came from the environment or from a mounted file; must not appear in a message. */
  readonly secrets: readonly string[];
}

/**
 * Fills `${NAME}` in every text: from the environment variable NAME, else from the file that
 * NAME_FILE names, else from what follows `:-` (`${PORT:-8080}`). `${NAME_FILE}` reads that file, too.
 * `$${` stays `${`. What is missing keeps its text and becomes a finding. The result is always text:
 * `${PORT}` can't be a number.
 */
export function interpolate(value: unknown, env: Environment): Interpolated {
  const findings: Finding[] = [];
  const secrets = new Set<string>();

  const fill = (text: string, path: ConfigPath): string =>
    text.replaceAll(/\$\$\{|\$\{([^}]*)\}?/g, (whole, inside: string | undefined) => {
      if (whole === "$${") return "${";
      const [name = "", ...otherwise] = (inside ?? "").split(":-");
      if (otherwise.length > 0 && isName(name) && !env[name] && !env[`${name}_FILE`]) return otherwise.join(":-");
      const found = lookUp(name, whole, env);
      if ("message" in found) {
        findings.push({ path, ...found });
        return whole;
      }
      secrets.add(found.text);
      return found.text;
    });

  const walk = (node: unknown, path: ConfigPath): unknown => {
    if (typeof node === "string") return fill(node, path);
    if (Array.isArray(node)) return node.map((item, index) => walk(item, [...path, index]));
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node).map(([key, item]) => [key, walk(item, [...path, key])]));
  };

  const filled = walk(value, []);
  return { value: filled, findings, secrets: [...secrets] };
}

/** Cuts secrets out of a text for people. Very short ones would cut ordinary letters, and tell nothing. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const longestFirst = secrets.filter((secret) => secret.length >= 4).sort((a, b) => b.length - a.length);
  return longestFirst.reduce((rest, secret) => rest.replaceAll(secret, "…"), text);
}

// helpers

/** Mounted secrets are keys and passwords; a larger file is a mistake, and would be read whole. */
const maxSecretBytes = 64 * 1024;

function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

type Lookup = { readonly text: string } | { readonly message: string; readonly example?: string };

function lookUp(name: string, whole: string, env: Environment): Lookup {
  if (!whole.endsWith("}") || !isName(name)) {
    return {
      message: "between ${ and } stands the name of an environment variable; where ${ itself is meant, write $${",
      example: "${SLACK_URL}",
    };
  }
  if (name.endsWith("_FILE") && env[name]) return readSecret(name, env[name]);
  if (env[name]) return { text: env[name] };
  const file = `${name}_FILE`;
  if (env[file]) return readSecret(file, env[file]);
  const plain = name.replace(/_FILE$/, "");
  const state = env[name] === "" ? "is empty" : "is not set";
  if (plain !== name) {
    return {
      message: `the environment variable ${name} ${state}; it names a file that holds the secret`,
      example: `${name}=/run/secrets/${plain.toLowerCase()}`,
    };
  }
  return {
    message: `the environment variable ${name} ${state}, and ${file} names no file that holds it`,
    example: `${name}=…  (or ${file}=/run/secrets/${name.toLowerCase()}) in the environment`,
  };
}

/** Messages don't repeat the file's name: people put the secret itself there by mistake. */
function readSecret(name: string, file: string): Lookup {
  try {
    if (statSync(file).size > maxSecretBytes) return { message: `${name} names a file of more than 64 KiB` };
    const text = readFileSync(file, "utf8").replace(/\r?\n$/, "");
    return text === "" ? { message: `${name} names an empty file` } : { text };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    return { message: `${name} names a file that can't be read (${code})`, example: `${name}=/run/secrets/password` };
  }
}
