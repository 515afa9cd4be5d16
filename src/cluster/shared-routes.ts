import { z } from "zod";
import type { Normalizer } from "../normalize/normalizer.ts";
import type { LearnedRoutes } from "../normalize/route-learner.ts";

/** The key of what was learned of routes, in the topic `context`. */
export const routesKey = "routes";

const version = 1;

const routesSchema: z.ZodType<LearnedRoutes> = z.object({
  open: z.boolean(),
  children: z.array(z.tuple([z.string(), z.lazy(() => routesSchema)])),
});
const recordSchema = z.object({ version: z.literal(version), routes: routesSchema });

/**
 * What several instances learn of the routes of paths that the inventory lacks, put together: each tells
 * all that it knows, and takes in what others do. What is known only grows, so that all end with the same.
 */
export class SharedRoutes {
  readonly #normalizer: Pick<Normalizer, "learnedRoutes" | "learnRoutes">;
  /** How much was known to all when somebody told it last. */
  #shared = 0;

  constructor(normalizer: Pick<Normalizer, "learnedRoutes" | "learnRoutes">) {
    this.#normalizer = normalizer;
  }

  /** Takes in what another instance, or an earlier one, told; `false` for a record that can't be read. */
  take(text: string): boolean {
    const record = parse(text);
    if (record === undefined) return false;
    this.#normalizer.learnRoutes(record.routes);
    this.#shared = Math.max(this.#shared, sizeOf(record.routes));
    return true;
  }

  /** What is to be told, if something was learned that others may not know. */
  news(): string | undefined {
    const routes = this.#normalizer.learnedRoutes();
    const size = sizeOf(routes);
    if (size <= this.#shared) return undefined;
    this.#shared = size;
    return JSON.stringify({ version, routes });
  }
}

// helpers

function parse(text: string): z.output<typeof recordSchema> | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // No JSON: whoever reads counts it.
    return undefined;
  }
}

/** Places, and those among them that take any word. */
function sizeOf({ open, children }: LearnedRoutes): number {
  return children.reduce((sum, [, below]) => sum + 1 + sizeOf(below), Number(open));
}
