import type { z } from "zod";
import { GatewatchError } from "../errors.ts";
import { askService } from "./ask-service.ts";
import type { CliContext } from "./cli-context.ts";
import { terminalText } from "./terminal-text.ts";

/** What every question to the running service needs. */
export interface QuestionOptions {
  readonly configFile: string;
  /** Prints the service's answer as it is. */
  readonly json: boolean;
}

/** Asks the service, and prints its answer as lines, or with `json` as it is. */
export async function askAndPrint<T>(
  path: string,
  schema: z.ZodType<T>,
  options: QuestionOptions & { readonly context: CliContext },
  toLines: (answer: T) => readonly string[],
): Promise<number> {
  const { configFile, json, context } = options;
  const answer = await askService(path, configFile, context);
  if (json) {
    // JSON escapes control characters by itself.
    context.stdout(`${JSON.stringify(answer, undefined, 2)}\n`);
    return 0;
  }
  const checked = schema.safeParse(answer);
  if (!checked.success) {
    throw new GatewatchError("COMMAND_FAILED", "The service's answer has an unknown shape.", {
      remedy: "Is another version running? `--json` prints the answer as it is.",
      cause: checked.error,
    });
  }
  for (const line of toLines(checked.data)) context.stdout(`${terminalText(line)}\n`);
  return 0;
}
