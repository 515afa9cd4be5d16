import type { ActiveDetector } from "../detect/plan.ts";
import type { AccessEvent } from "../normalize/access-event.ts";
import { Draft } from "../normalize/draft.ts";
import { createEventBuilder, type BuilderOptions, type EventBuilder } from "../normalize/event-builder.ts";
import { fieldOrigins, type Reading } from "../normalize/field-origins.ts";
import type { JsonRecord, LogFormat } from "../normalize/log-format.ts";
import { explainOutcome, type OutcomeReason } from "../normalize/outcome.ts";
import { createWallClock, type WallClock } from "../normalize/time-zone.ts";
import type { TrustedNetworks } from "../normalize/trusted-networks.ts";
import { ClientExplainer, type ExplainedClient } from "./explain-client.ts";
import { explainDetectors, type ExplainedDetector } from "./explain-detectors.ts";
import { EndpointExplainer, type ExplainedEndpoint } from "./explain-endpoint.ts";
import { explainFields, lackingFields, type ExplainedField, type LackingField } from "./explain-fields.ts";
import { explainRedaction, unreadParts } from "./explain-redaction.ts";
import type { ExplainedSource } from "./explain-source.ts";
import { readEntry, type ExplainedEntry } from "./explained-entries.ts";

export interface EventExplainerOptions {
  readonly rules: BuilderOptions;
  readonly networks: TrustedNetworks;
  readonly source: ExplainedSource;
  readonly detectors: readonly ActiveDetector[];
}

/** How an event came to be what it is, and what becomes of it. */
export interface ExplainedEvent {
  readonly event: AccessEvent;
  readonly fields: readonly ExplainedField[];
  readonly lacking: { readonly logged: readonly LackingField[]; readonly never: readonly string[] };
  readonly client: ExplainedClient;
  readonly endpoint: ExplainedEndpoint;
  /** What was cut before anything saw it; names and kinds only. */
  readonly redacted: readonly string[];
  /** Parts of the record that nobody reads, by name. */
  readonly unread: readonly string[];
  readonly detectors: readonly ExplainedDetector[];
}

/** Explains events by reading their entries again, in parts and step by step. */
export class EventExplainer {
  readonly #options: EventExplainerOptions;
  readonly #builder: EventBuilder;
  readonly #clock: WallClock;
  readonly #client: ClientExplainer;
  readonly #endpoints: EndpointExplainer;

  constructor(options: EventExplainerOptions) {
    const { rules, networks, source } = options;
    this.#options = options;
    this.#builder = createEventBuilder(rules);
    this.#clock = createWallClock(source.timeZone ?? "UTC");
    this.#client = new ClientExplainer({ proxies: rules.proxies, networks });
    this.#endpoints = new EndpointExplainer(rules.endpoints);
  }

  /** `undefined` for an entry that became no event. `arrivedAt`: when the record arrived, epoch ms. */
  explain({ event, format, sample }: ExplainedEntry, arrivedAt: number): ExplainedEvent | undefined {
    if (event === undefined || format === undefined || sample === undefined) return undefined;
    const draft = new Draft();
    const clampedBefore = this.#builder.clamped();
    const again = this.#read(sample, { format, draft, arrivedAt });
    const clamped = this.#builder.clamped() > clampedBefore;
    const scratch = new Draft();
    const parts = fieldOrigins({
      ...{ format, sample, event: "event" in again ? again.event : event },
      read: (other) => this.#read(other, { format, draft: scratch, arrivedAt }),
    });
    const { source, detectors } = this.#options;
    const client = this.#client.explain(draft);
    const endpoint = this.#endpoints.explain(event, draft);
    const outcome = outcomeOf(event, { draft, endpoint });
    return {
      event,
      fields: explainFields({ event, draft, parts, client, endpoint, outcome, clamped, source }),
      lacking: lackingFields(event, format),
      client,
      endpoint,
      redacted: explainRedaction(event, draft),
      unread: unreadParts(format, sample),
      detectors: explainDetectors(detectors, event),
    };
  }

  #read(
    sample: JsonRecord | string,
    { format, draft, arrivedAt }: { readonly format: LogFormat; readonly draft: Draft; readonly arrivedAt: number },
  ): Reading {
    const reason = readEntry(format, sample, draft);
    if (reason !== undefined) return { reason };
    const { gateway, trustClientIp = false } = this.#options.source;
    return { event: this.#builder.build(draft, { gateway, arrivedAt, trustClientIp, clock: this.#clock }) };
  }
}

// helpers

/** `undefined` for shop events, whose names tell. */
function outcomeOf(
  event: AccessEvent,
  { draft, endpoint }: { readonly draft: Draft; readonly endpoint: ExplainedEndpoint },
): OutcomeReason | undefined {
  if (event.origin === "shop") return undefined;
  const { endpointClass, status, answeredBy, enforced, attempt, attributes } = event;
  const rules = endpoint.entry?.config.outcome ?? [];
  const { limited, outcome: told } = draft;
  return explainOutcome({ rules, endpointClass, status, answeredBy, enforced, limited, told, attributes, attempt });
}
