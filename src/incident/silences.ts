import { randomBytes } from "node:crypto";
import { isActive, longestSilenceMs, newSilence, type NewSilence, type Silence } from "./silence.ts";
import { plainText } from "./plain-text.ts";

/** What became of a wish for silence. */
export type SilenceResult =
  | { readonly kind: "done"; readonly value: Silence }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "unknown" };

/** Each silence is compared with each open incident: more than this would be a rule, not a silence. */
const maxActive = 500;

/** The silences that hold now. Does no I/O. */
export class Silences {
  readonly #byId = new Map<string, Silence>();

  /** Those that hold at `now`, the next to end first. */
  active(now: number): Silence[] {
    for (const [id, silence] of this.#byId) if (silence.endsAt <= now) this.#byId.delete(id);
    return [...this.#byId.values()].filter((silence) => isActive(silence, now)).sort((a, b) => a.endsAt - b.endsAt);
  }

  restore(silences: readonly Silence[]): void {
    for (const silence of silences) this.#byId.set(silence.id, silence);
  }

  create(wish: NewSilence, by: string, now: number): SilenceResult {
    const parsed = newSilence.safeParse(wish);
    if (!parsed.success) {
      const issues = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`.trim());
      return { kind: "refused", reason: issues.join("; ") };
    }
    const { runbook, detector, team, key, endsAt, reason } = parsed.data;
    if (endsAt <= now) return { kind: "refused", reason: "endsAt has passed already" };
    if (endsAt - now > longestSilenceMs) return { kind: "refused", reason: "a silence lasts at most 30 days" };
    if (this.active(now).length >= maxActive) {
      return { kind: "refused", reason: `there are ${maxActive} silences already; end some first` };
    }
    const silence: Silence = {
      id: `sil_${randomBytes(8).toString("hex")}`,
      version: 1,
      runbook,
      detector,
      team,
      key,
      startsAt: now,
      endsAt,
      reason: plainText(reason, 500),
      by: plainText(by, 100),
      endedBy: undefined,
    };
    this.#byId.set(silence.id, silence);
    return { kind: "done", value: silence };
  }

  /** Ends one before its time. */
  end(id: string, by: string, now: number): SilenceResult {
    const silence = this.#byId.get(id);
    if (!silence || !isActive(silence, now)) return { kind: "unknown" };
    this.#byId.delete(id);
    return {
      kind: "done",
      value: { ...silence, version: silence.version + 1, endsAt: now, endedBy: plainText(by, 100) },
    };
  }
}
