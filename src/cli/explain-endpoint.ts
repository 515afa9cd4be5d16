import type { AccessEvent } from "../normalize/access-event.ts";
import type { Draft } from "../normalize/draft.ts";
import type { EndpointConfig } from "../normalize/endpoint-config.ts";
import { createEndpointIndex, type EndpointIndex } from "../normalize/endpoint-index.ts";
import { createEndpointVariants, shownRoute } from "../normalize/endpoint-variants.ts";
import { explainGuess } from "../normalize/guess-class.ts";
import { pathOf } from "../normalize/redact-path.ts";

/** How an event came by its endpoint and class. */
export interface ExplainedEndpoint {
  /** The entry of the inventory, and its number from 0. */
  readonly entry: { readonly number: number; readonly config: EndpointConfig } | undefined;
  /** What told the class, in words. */
  readonly because: string;
}

/** Finds an event's entry in the inventory as the route table does, or the word that its class was guessed from. */
export class EndpointExplainer {
  readonly #endpoints: readonly EndpointConfig[];
  readonly #index: EndpointIndex;

  constructor(endpoints: readonly EndpointConfig[]) {
    this.#endpoints = endpoints;
    this.#index = createEndpointIndex(endpoints);
  }

  explain(event: AccessEvent, draft: Draft): ExplainedEndpoint {
    if (event.origin === "shop") return { entry: undefined, because: "the shop event's name" };
    const config = this.#entryOf(event, draft);
    if (config === undefined) return { entry: undefined, because: guessed(event) };
    const number = this.#endpoints.indexOf(config);
    const preflight = event.endpointClass === config.class ? "" : "; a browser's OPTIONS is no attempt at it";
    return { entry: { number, config }, because: `${placeOf(number)}: ${nameOf(config)}${preflight}` };
  }

  #entryOf(event: AccessEvent, draft: Draft): EndpointConfig | undefined {
    const found = this.#index.match(event.method, pathOf(draft.target)) ?? this.#index.match(event.method, event.path);
    if (found === undefined) return undefined;
    const variants = createEndpointVariants(found.some.map((config) => ({ ...config, endpoint: config })));
    const config = variants.choose(draft.target, draft.operation ?? event.attributes?.operationName) ?? found.any;
    // The route table has the last word; it knows of bounds that this does not.
    const holds = config !== undefined && shownRoute(config) === event.route && config.owner === event.owner;
    return holds && (config.class === event.endpointClass || event.method === "OPTIONS") ? config : undefined;
  }
}

/** An entry of the inventory, as the configuration names it. */
export function placeOf(number: number): string {
  return `configuration: endpoints[${number}]`;
}

// helpers

function nameOf(config: EndpointConfig): string {
  return `${[config.method].flat().join(", ")} ${shownRoute(config)}`;
}

function guessed({ method, route, endpointClass }: AccessEvent): string {
  const guess = explainGuess(method, route);
  if (guess !== undefined && guess.endpointClass === endpointClass) {
    return `guessed from the word "${guess.word}"`;
  }
  return "no word of the route tells what it is for";
}
