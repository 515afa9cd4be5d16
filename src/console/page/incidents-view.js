// Incidents: the live ones as cards, the worst first; those lately resolved in a line each.

import { actionButton } from "./actions.js";
import { h, label, showList, since } from "./elements.js";
import { pagedText, plural, severityRank } from "./words.js";

const shownKeys = 3;

/** The section; `update` draws what changed. */
export function incidentsView(state) {
  const count = h("span", { class: "count" });
  const live = h("div", { class: "list" });
  const resolved = h("div", { class: "list" });
  const earlier = h("details", { class: "earlier", hidden: true }, h("summary", {}, "Lately resolved"), resolved);
  const element = h(
    "section",
    { class: "incidents", "aria-labelledby": "incidents-title" },
    h("h2", { id: "incidents-title" }, "Incidents ", count),
    live,
    earlier,
  );
  return { element, update: () => update({ state, count, live, resolved, earlier }) };
}

/** Severity, state and whether somebody was told; also at the top of an incident's own page. */
export function incidentLabels(incident) {
  return h(
    "div",
    { class: "labels" },
    label(`severity ${incident.severity}`, incident.severity),
    label(incident.state, incident.state),
    incident.reopened > 0 && label("plain", `reopened ${incident.reopened}×`),
    since(incident.openedAt),
  );
}

/** Acknowledge and Resolve, as far as they still make sense. */
export function incidentButtons(incident, state) {
  const describe = `${incident.title}, ${incident.id}`;
  return [
    incident.state === "open" &&
      actionButton({
        name: "acknowledge",
        text: "Acknowledge",
        kind: severityRank[incident.severity] >= severityRank.high ? "primary" : "",
        describe,
        act: () => state.acknowledge(incident.id),
      }),
    incident.state !== "resolved" &&
      actionButton({ name: "resolve", text: "Resolve", describe, act: () => state.resolve(incident.id) }),
  ];
}

function update({ state, count, live, resolved, earlier }) {
  const all = [...state.incidents.values()];
  const open = all.filter((incident) => incident.state !== "resolved").sort(worstFirst);
  const done = all.filter((incident) => incident.state === "resolved").sort((a, b) => b.resolvedAt - a.resolvedAt);
  count.textContent = open.length === 0 ? "" : String(open.length);
  showList(live, open, {
    keyOf: ({ id }) => id,
    stateOf: ({ version }) => version,
    draw: (incident) => card(incident, state),
    empty: "Nothing is going on. That is the normal state: what a runbook's rule finds appears here by itself.",
  });
  earlier.hidden = done.length === 0;
  showList(resolved, done, { keyOf: ({ id }) => id, stateOf: ({ version }) => version, draw: resolvedLine });
}

function worstFirst(a, b) {
  const unseen = Number(b.state === "open") - Number(a.state === "open");
  return unseen || severityRank[b.severity] - severityRank[a.severity] || b.openedAt - a.openedAt;
}

function card(incident, state) {
  const runbook = `/runbooks/${encodeURIComponent(incident.runbook)}`;
  return h(
    "article",
    { class: `card ${incident.severity} ${incident.state}`, "aria-label": incident.title },
    incidentLabels(incident),
    h("h3", {}, h("a", { href: incident.links.page }, incident.title)),
    h("p", { class: "summary" }, incident.summary),
    h(
      "p",
      { class: "keys" },
      ...incident.keys.slice(0, shownKeys).map((key) => h("code", {}, key)),
      incident.keys.length > shownKeys && `and ${incident.keys.length - shownKeys} more`,
    ),
    h(
      "p",
      { class: "muted" },
      [plural(incident.detectionCount, "detection"), pagedText(incident), seenBy(incident)].filter(Boolean).join(" · "),
    ),
    h(
      "div",
      { class: "buttons" },
      ...incidentButtons(incident, state),
      h("a", { class: "button quiet", href: runbook, "aria-label": `Runbook: ${incident.title}` }, "Runbook"),
      h(
        "a",
        { class: "button quiet", href: `${incident.links.page}#evidence`, "aria-label": `Evidence: ${incident.title}` },
        "Evidence",
      ),
    ),
  );
}

function seenBy({ state, acknowledgedBy }) {
  return state === "acknowledged" && acknowledgedBy ? `${acknowledgedBy} is on it` : undefined;
}

function resolvedLine(incident) {
  return h(
    "p",
    { class: "resolved-line" },
    h("a", { href: incident.links.page }, incident.title),
    h("span", { class: "muted" }, `by ${incident.resolvedBy ?? "gatewatch"}, `, since(incident.resolvedAt)),
  );
}
