// Deliveries: what people were sent; of an outbox channel, what they would have been sent.

import { fact, h, label, showList, since } from "./elements.js";
import { deliveryWords } from "./words.js";

/** The section; `update` draws what changed. */
export function deliveriesView(state) {
  const list = h("div", { class: "list" });
  const element = h(
    "section",
    { class: "deliveries", "aria-labelledby": "deliveries-title" },
    h("h2", { id: "deliveries-title" }, "Pages to people"),
    list,
  );
  return {
    element,
    update() {
      const deliveries = [...state.deliveries.values()].sort((a, b) => b.createdAt - a.createdAt);
      showList(list, deliveries, {
        keyOf: ({ id }) => id,
        stateOf: ({ version }) => version,
        draw: deliveryLine,
        empty: "Nobody was paged. An outbox channel shows here what it would have sent.",
      });
    },
  };
}

function deliveryLine({ page, channel, team, state, createdAt, lastError, incident }) {
  const [kind, text] = deliveryWords[state];
  return h(
    "details",
    { class: "card delivery" },
    h(
      "summary",
      {},
      label(kind, text),
      h("span", { class: "delivery-title" }, `${page.kind}: ${page.title}`),
      h("span", { class: "muted" }, `${channel} for ${team}, `, since(createdAt)),
    ),
    h("p", { class: "summary" }, page.summary),
    h("dl", { class: "facts" }, ...page.facts.map(([name, value]) => fact(name, value))),
    page.evidence.length > 0 && h("pre", {}, page.evidence.join("\n")),
    page.steps.length > 0 && h("ol", {}, ...page.steps.map((step) => h("li", {}, step))),
    lastError !== undefined && h("p", { class: "wrong" }, `Last error: ${lastError}`),
    h("p", {}, h("a", { href: `/incidents/${encodeURIComponent(incident)}` }, "Open the incident")),
  );
}
