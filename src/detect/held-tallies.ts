import type { StretchBytes } from "./read-tally.ts";

/** As much as some hundred thousand events take, which is far more than is read before a pause takes effect. */
const maxBytes = 64 * 1024 * 1024;

/** What was counted of source partitions that ran ahead of the others; as `HeldEvents`, and for the same reason. */
export class HeldTallies {
  #stretches: StretchBytes[] = [];
  #bytes = 0;

  /** The end of what comes out first, epoch ms; `undefined` when there is none. */
  get earliest(): number | undefined {
    return this.#stretches[0]?.latest;
  }

  /** False when there is no room. */
  hold(stretch: StretchBytes): boolean {
    if (this.#bytes + stretch.bytes.length > maxBytes) return false;
    // A copy: it is a piece of a batch.
    const own = { ...stretch, bytes: Uint8Array.from(stretch.bytes) };
    const after = this.#stretches.findIndex(({ latest }) => latest > own.latest);
    this.#stretches.splice(after === -1 ? this.#stretches.length : after, 0, own);
    this.#bytes += own.bytes.length;
    return true;
  }

  /** Gives back the first. */
  release(): StretchBytes {
    const first = this.#stretches.shift()!;
    this.#bytes -= first.bytes.length;
    return first;
  }

  save(): readonly StretchBytes[] {
    return [...this.#stretches];
  }

  load(saved: readonly StretchBytes[]): void {
    this.#stretches = [];
    this.#bytes = 0;
    for (const stretch of saved) this.hold(stretch);
  }
}
