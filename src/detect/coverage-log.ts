import type { Log } from "../log.ts";
import type { FieldCoverage } from "../normalize/access-event.ts";
import type { DetectorStatus } from "./detect-stage.ts";

/** Events of a format, until what it has is told. */
const enough = 50;

/** Says once what each source's log has and what each detector can see of it, and again when that changes. */
export class CoverageLog {
  readonly #log: Log;
  readonly #told = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  look(detectors: readonly DetectorStatus[], sources: readonly FieldCoverage[]): void {
    this.#lookAtSources(sources);
    for (const { id, coverage } of detectors) {
      const { state, missing, events, gaps } = coverage;
      const places = gaps.map(({ gateway, origin, missing: lacks }) => ({ gateway, origin, missing: lacks }));
      if (state === "waiting" || !this.#isNews(id, JSON.stringify([state, missing, places]))) continue;
      const facts = { detector: id, coverage: state, missing, events, gaps: places };
      if (missing.includes("attempt"))
        this.#log.warn(facts, "a detector is blind: its attempts are counted from shop events, and none comes");
      else if (state === "blind") this.#log.warn(facts, "a detector is blind: no event has a field it needs");
      else this.#log.info(facts, "what a detector can see of the traffic");
    }
  }

  /** What the records of each source and format have: fields that all have, that some have (their share), and that none has. */
  #lookAtSources(sources: readonly FieldCoverage[]): void {
    for (const { source, format, events, certainClients, withField } of sources) {
      if (events < enough) continue;
      const shares = Object.entries(withField).map(([field, count]) => [field, count / events] as const);
      const never = shares.flatMap(([field, share]) => (share === 0 ? field : []));
      if (!this.#isNews(`${source}\n${format}`, never.join())) continue;
      const always = shares.flatMap(([field, share]) => (share === 1 ? field : []));
      const some = shares.filter(([, share]) => share > 0 && share < 1);
      const sometimes = Object.fromEntries(some.map(([field, share]) => [field, Math.round(share * 1000) / 1000]));
      const facts = { source, format, events, certainClients: certainClients / events, always, sometimes, never };
      this.#log.info(facts, "what a source's log has");
    }
  }

  #isNews(name: string, news: string): boolean {
    if (this.#told.get(name) === news) return false;
    this.#told.set(name, news);
    return true;
  }
}
