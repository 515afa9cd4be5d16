import type { Detection } from "../detect/detection.ts";

/** What is remembered of a detection, so that a repeat changes nothing. */
export interface KnownDetection {
  readonly version: number;
  /** The incidents it belongs to. */
  readonly incidents: readonly string[];
  /** Which set of rules it was first judged by. */
  readonly rules: number;
  /** It was found in a backlog, long after it happened, and nothing newer is known of it. */
  readonly stale?: boolean;
  /** A sealed detection has taken its place; nothing of it counts any more. */
  readonly superseded: boolean;
}

/**
 * Remembers detections by id, the `limit` that changed last. One that is forgotten and comes again
 * joins its incident a second time: counted twice, never paged twice.
 */
export class KnownDetections {
  readonly #byId = new Map<string, KnownDetection>();
  readonly #limit: number;

  constructor(limit = 50_000) {
    this.#limit = limit;
  }

  get(id: string): KnownDetection | undefined {
    return this.#byId.get(id);
  }

  remember(id: string, known: KnownDetection): void {
    this.#byId.delete(id);
    this.#byId.set(id, known);
    if (this.#byId.size <= this.#limit) return;
    const oldest = this.#byId.keys().next().value;
    if (oldest !== undefined) this.#byId.delete(oldest);
  }

  /** The detection belongs to the incident. Without a version so far, any version of it is news. */
  attach(id: string, incident: string, rules: number): void {
    const known = this.#byId.get(id) ?? { version: -1, incidents: [], rules };
    this.remember(id, { ...known, incidents: [...known.incidents, incident], superseded: false });
  }

  /** Takes note of how one ended that another took the place of; false for all others. It is saved, and has no consequence. */
  noteEnd({ id, version }: Detection): boolean {
    const known = this.#byId.get(id);
    if (known?.superseded !== true) return false;
    this.remember(id, { ...known, version });
    return true;
  }

  /** What was known of the eager detection that `detection` takes the place of; nothing follows from its own later versions. */
  takeOver(detection: Detection): KnownDetection | undefined {
    if (detection.supersedes === undefined) return undefined;
    const eager = this.#byId.get(detection.supersedes);
    this.remember(detection.supersedes, {
      version: eager?.version ?? 0,
      incidents: [],
      rules: eager?.rules ?? 0,
      superseded: true,
    });
    return eager?.superseded ? undefined : eager;
  }
}
