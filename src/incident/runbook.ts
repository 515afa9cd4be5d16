import type { Confidence, Severity } from "../detect/detection.ts";

/** What a runbook lets gatewatch do to a detection's targets. */
export interface RunbookBlock {
  readonly action: "ban" | "throttle" | "captcha";
  readonly forMs: number;
  /** Each repeat within a day lasts `factor` times longer, up to `maxMs`. */
  readonly repeat: { readonly factor: number; readonly maxMs: number } | undefined;
  /** What to do where a ban would be wrong or a fact is missing; absent: ask a person. */
  readonly softer: "throttle" | "captcha" | undefined;
  readonly dryRun: boolean;
  /**
   * How sure a detector has to be alone, `high` unless given; what is less sure needs another one that
   * names the same target, or a person.
   */
  readonly confidence?: Confidence;
}

/** A rule, and the steps for people; one Markdown file. */
export interface Runbook {
  /** The file's name without `.md`. */
  readonly id: string;
  readonly file: string;
  readonly title: string;
  /** Chooses detections; absent for a `query` rule. */
  readonly match:
    | { readonly detector: readonly string[]; readonly severity: readonly Severity[] | undefined }
    | undefined;
  /** Watches the store itself. */
  readonly query: { readonly sql: string; readonly everyMs: number; readonly key: readonly string[] } | undefined;
  /** CEL over `detection` and `incident`, as written. */
  readonly when: string | undefined;
  /** Dimensions of the detection (`endpointClass`, `route`, `owner`, `detector`, or of its key). */
  readonly group: readonly string[];
  readonly severity: Severity;
  /** A team's name, `owner`, or `undefined`: shown and not paged. */
  readonly page: string | undefined;
  readonly block: RunbookBlock | undefined;
  /** Runbooks whose incidents are not paged while one of this is open. */
  readonly inhibits: readonly string[];
  readonly resolveAfterMs: number;
  /** The Markdown below the front matter. */
  readonly steps: string;
}
