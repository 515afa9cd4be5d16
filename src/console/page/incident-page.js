// One incident: what to do first, what it rests on, and all that happened.

import { ask } from "./api-client.js";
import { showFailure } from "./actions.js";
import { decisionCard } from "./decisions-view.js";
import { at, fact, h, label, since } from "./elements.js";
import { incidentButtons, incidentLabels } from "./incidents-view.js";
import { stepsOf } from "./steps.js";
import { pagedText, plural } from "./words.js";

/** The page; it reads the incident anew whenever the stream says that it changed. */
export function incidentPage(id, state) {
  const element = h("div", { class: "incident-page" }, h("p", { class: "empty" }, "Loading…"));
  let shown;
  let reading = false;

  const read = async () => {
    if (reading) return;
    reading = true;
    try {
      const detail = await ask("GET", `/v1/incidents/${encodeURIComponent(id)}`);
      const steps = await readSteps(detail.incident.runbook);
      shown = stampOf(state, id) ?? "read";
      draw(element, { ...detail, steps }, state);
    } catch (error) {
      showFailure(error.message);
      if (shown === undefined) element.replaceChildren(h("p", { class: "empty" }, "This incident can't be shown."));
    } finally {
      reading = false;
    }
  };

  return {
    element,
    update() {
      if (shown === undefined || (stampOf(state, id) ?? shown) !== shown) void read();
    },
  };
}

/** Changes with the incident, and with its decisions as far as the stream tells of them. */
function stampOf(state, id) {
  const incident = state.incidents.get(id);
  const decisions = [...state.decisions.values()].filter((decision) => decision.incident === id);
  if (!incident && decisions.length === 0) return undefined;
  return JSON.stringify([incident?.version, decisions.map((decision) => [decision.id, decision.version])]);
}

/** A runbook may be gone by now; the incident is shown all the same. */
async function readSteps(runbook) {
  try {
    return (await ask("GET", `/v1/runbooks/${encodeURIComponent(runbook)}`)).runbook.html;
  } catch {
    return undefined;
  }
}

function draw(element, { incident, timeline, detections, decisions, steps }, state) {
  document.title = `${incident.title} · gatewatch`;
  const focused = element.contains(document.activeElement) ? document.activeElement.getAttribute("name") : undefined;
  element.replaceChildren(
    head(incident, state),
    h(
      "div",
      { class: "incident-columns" },
      h("div", {}, runbookSection(incident, steps), evidenceSection(incident, detections)),
      h("div", {}, decisionsSection(decisions, state), timelineSection(timeline)),
    ),
  );
  if (focused) (element.querySelector(`[name="${focused}"]`) ?? element.querySelector("button, a"))?.focus();
  if (location.hash === "#evidence" && !focused) document.querySelector("#evidence")?.scrollIntoView();
}

function head(incident, state) {
  return h(
    "section",
    { class: `card head ${incident.severity} ${incident.state}` },
    incidentLabels(incident),
    h("h1", {}, incident.title),
    h("p", { class: "summary" }, incident.summary),
    h("p", { class: "keys" }, ...incident.keys.map((key) => h("code", {}, key))),
    h(
      "dl",
      { class: "facts" },
      fact("first seen", at(incident.firstSeen)),
      fact("last seen", since(incident.lastSeen)),
      fact("found by", plural(incident.detectionCount, "detection")),
      fact("people", pagedText(incident)),
      incident.acknowledgedBy !== undefined && fact("on it", incident.acknowledgedBy),
      fact("id", h("code", {}, incident.id)),
    ),
    h("div", { class: "buttons" }, ...incidentButtons(incident, state)),
  );
}

function runbookSection(incident, steps) {
  const content =
    steps === undefined ? h("p", { class: "empty" }, "The runbook is not there any more.") : stepsOf(steps);
  return h(
    "section",
    { id: "runbook", "aria-labelledby": "runbook-title" },
    h("h2", { id: "runbook-title" }, "Runbook"),
    h("div", { class: "card" }, content),
  );
}

function evidenceSection(incident, detections) {
  return h(
    "section",
    { id: "evidence", "aria-labelledby": "evidence-title" },
    h("h2", { id: "evidence-title" }, "Evidence ", h("span", { class: "count" }, String(detections.length))),
    h("div", { class: "list" }, ...detections.map(detectionCard)),
    incident.detectionCount > detections.length &&
      h("p", { class: "muted" }, `${incident.detectionCount - detections.length} more are not shown.`),
  );
}

function detectionCard(detection) {
  const counters = Object.entries(detection.counters);
  return h(
    "article",
    { class: `card ${detection.severity}`, "aria-label": detection.title },
    h(
      "div",
      { class: "labels" },
      label(`severity ${detection.severity}`, detection.severity),
      label("plain", detection.state),
      detection.mode === "dry-run" && label("dry", "dry run"),
      detection.confidence && label("plain", `${detection.confidence} confidence`),
      detection.coverage === "reduced" && label("wait", "reduced"),
      !detection.clientIpCertain && label("wait", "address could be forged"),
      detection.stale && label("wait", "found late"),
      h("span", { class: "muted" }, detection.detector),
    ),
    h("p", { class: "summary" }, detection.summary),
    h(
      "dl",
      { class: "facts" },
      detection.strength > 1 && fact("times its floor", String(detection.strength)),
      ...counters.map(([name, value]) => fact(name, value === null ? "not known" : String(value))),
    ),
    detection.evidence.length > 0 && evidenceTable(detection.evidence),
  );
}

const columns = [
  ["time", (event) => at(event.time)],
  ["request", (event) => `${event.method} ${event.path}`],
  ["status", (event) => `${event.status || "none"}, ${event.outcome}`],
  [
    "client",
    (event) =>
      [
        event.clientIp ?? "not known",
        event.clientIpTrust === "guessed" ? " (guessed)" : "",
        event.country ? ` ${event.country}` : "",
      ].join(""),
  ],
  ["user", (event) => event.userId ?? "–"],
  ["user agent", (event) => event.userAgent ?? "–"],
];

function evidenceTable(events) {
  const rows = events.map((event) =>
    h("tr", {}, ...columns.map(([name, show]) => h("td", { "data-name": name }, show(event)))),
  );
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Sample events" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...columns.map(([name]) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, ...rows),
    ),
  );
}

function decisionsSection(decisions, state) {
  return h(
    "section",
    { "aria-labelledby": "decisions-title" },
    h("h2", { id: "decisions-title" }, "Decisions"),
    decisions.length === 0
      ? h("p", { class: "empty" }, "Nobody is blocked because of this.")
      : h("div", { class: "list" }, ...decisions.map((decision) => decisionCard(decision, state))),
  );
}

function timelineSection(timeline) {
  return h(
    "section",
    { "aria-labelledby": "timeline-title" },
    h("h2", { id: "timeline-title" }, "Timeline"),
    h(
      "ol",
      { class: "timeline card" },
      ...timeline.map(({ time, kind, by, text }) =>
        h("li", { class: kind }, at(time), h("div", {}, h("p", {}, text), h("p", { class: "muted" }, by))),
      ),
    ),
  );
}
