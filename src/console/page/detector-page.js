// One detector: what it looks for, how it runs, and its report.

import { ask } from "./api-client.js";
import { detectorLabels } from "./detectors-page.js";
import { fact, h, showList } from "./elements.js";
import { polled } from "./polled.js";
import { reportSections } from "./report-view.js";
import { fieldTable, gapLine } from "./service-view.js";

/** The page; it reads detector and report anew every few seconds. */
export function detectorPage(id) {
  const path = `/v1/detectors/${encodeURIComponent(id)}`;
  const left = h("div", { class: "list" });
  const right = h("div", { class: "list" });
  const head = h("div");
  const columns = h("div", { class: "incident-columns" }, left, right);
  const element = h("div", { class: "incident-page" }, head, columns);
  const read = polled({
    paths: [path],
    async show([{ detector }]) {
      document.title = `${detector.title} · gatewatch`;
      // What is off has no report.
      const report = detector.mode === "off" ? undefined : (await ask("GET", `${path}/report`)).report;
      const sections = report ? reportSections(report, detector) : { found: [], thresholds: [] };
      showSections(head, [section("head", headOf, withoutFigures(detector))]);
      showSections(left, [
        ...sections.found,
        section("triage", triageOf, detector.triage),
        detector.fields.length > 0 && section("coverage", coverageOf, detector),
      ]);
      showSections(right, [
        ...sections.thresholds,
        detector.params.length > 0 && section("params", paramsOf, detector.params),
      ]);
    },
    failed: () =>
      element.replaceChildren(h("p", { class: "empty" }, "There is no such detector, or it can't be shown.")),
  });
  return { element, update: read };
}

/** A part of the page that is drawn anew when its data change. */
export function section(name, draw, data) {
  return { name, draw, data };
}

function showSections(container, sections) {
  showList(container, sections.filter(Boolean), {
    keyOf: ({ name }) => name,
    stateOf: ({ data }) => JSON.stringify(data),
    draw: ({ draw, data }) => draw(data),
  });
}

/** The head stays as it is while the figures change. */
function withoutFigures(detector) {
  const changing = ["found", "events", "fields", "gaps", "params", "triage"];
  return Object.fromEntries(Object.entries(detector).filter(([name]) => !changing.includes(name)));
}

function headOf(detector) {
  const { id, title, description, key, window, quiet, owasp, runbooks, suppressedBy, severity, usual } = detector;
  const links = (names, folder) =>
    names
      .flatMap((name, i) => [i > 0 && ", ", h("a", { href: `/${folder}/${encodeURIComponent(name)}` }, name)])
      .filter(Boolean);
  return h(
    "section",
    { class: `card head ${severity}` },
    detectorLabels(detector),
    h("h1", {}, title),
    h("p", { class: "summary" }, description),
    h(
      "dl",
      { class: "facts" },
      fact("id", h("code", {}, id)),
      fact("counts by", key.join(", ")),
      fact("within", window),
      fact("ends after", quiet),
      fact("runbook", ...(runbooks.length > 0 ? links(runbooks, "runbooks") : ["none: it opens no incident"])),
      suppressedBy.length > 0 && fact("held back by", ...links(suppressedBy, "detectors")),
      usual && fact("compares with", usualText(usual)),
      owasp.length > 0 && fact("OWASP API risks", owasp.join(", ")),
    ),
  );
}

/** Whether it is known what is usual. */
function usualText({ of, places }) {
  const what = `what is usual at the hour of the week (${of.join(", ")})`;
  if (places === 0) return `${what}: not known yet, it goes by its own floors`;
  return `${what}: known at ${places} place${places === 1 ? "" : "s"}`;
}

function paramsOf(params) {
  const rows = params.map(({ name, value, default: usual, description }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("code", {}, name)),
      h("td", {}, String(value), value === usual ? "" : h("span", { class: "muted" }, ` (else ${usual})`)),
      h("td", { class: "muted" }, description),
    ),
  );
  return titled("Parameters", h("table", { class: "params", "aria-label": "Parameters" }, h("tbody", {}, ...rows)));
}

function coverageOf(detector) {
  return titled("What it can see", fieldTable(detector), ...detector.gaps.map(gapLine));
}

function triageOf(questions) {
  return titled("To find out", h("ul", { class: "questions" }, ...questions.map((question) => h("li", {}, question))));
}

function titled(title, ...content) {
  return h("section", { class: "card", "aria-label": title }, h("h2", {}, title), ...content);
}
