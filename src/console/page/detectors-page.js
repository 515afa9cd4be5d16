// All detectors: how each runs, what it can see, and what it found since it runs so.

import { h, label, showList } from "./elements.js";
import { lackText } from "./service-view.js";
import { polled } from "./polled.js";
import { figure, plural } from "./words.js";

const kinds = [
  { mode: "dry-run", title: "On trial", empty: "None is in dry run: all that are loaded act." },
  { mode: "active", title: "Active" },
  { mode: "off", title: "Off, by configuration" },
];

/** The page; it reads the list anew every few seconds. */
export function detectorsPage() {
  const filter = h("input", {
    type: "search",
    "aria-label": "Show detectors whose name has",
    placeholder: "Filter",
    input: () => show(),
  });
  const sections = kinds.map((kind) => ({
    ...kind,
    list: h("div", { class: "list" }),
    count: h("span", { class: "count" }),
  }));
  const element = h(
    "div",
    { class: "detectors-page" },
    h("div", { class: "title-row" }, h("h1", {}, "Detectors"), filter),
    ...sections.map((section) => h("section", {}, h("h2", {}, section.title, " ", section.count), section.list)),
  );
  let detectors = [];

  function show() {
    const wanted = filter.value.trim().toLowerCase();
    const matching = detectors.filter(({ id, title }) => `${id} ${title}`.toLowerCase().includes(wanted));
    for (const { mode, list, count, empty } of sections) {
      const own = matching.filter((detector) => detector.mode === mode).sort(mostFoundFirst);
      count.textContent = String(own.length);
      list.parentElement.hidden = own.length === 0 && (empty === undefined || wanted !== "");
      showList(list, own, { keyOf: ({ id }) => id, stateOf: JSON.stringify, draw: row, empty });
    }
  }

  const read = polled({
    paths: ["/v1/detectors"],
    show: ([answer]) => {
      document.title = "Detectors · gatewatch";
      ({ detectors } = answer);
      show();
    },
    failed: () => element.append(h("p", { class: "empty" }, "The detectors can't be shown.")),
  });
  return { element, update: read };
}

/** Mode, sight, and what is wrong; also at the top of a detector's own page. */
export function detectorLabels({ mode, state, muted, suppressed, missing, severity }) {
  const heldBackBy = suppressed?.by ?? [];
  const sight = { full: "good", reduced: "wait", blind: "bad", waiting: "plain" };
  return h(
    "div",
    { class: "labels" },
    mode === "dry-run" && label("dry", "dry run"),
    mode === "off" && label("plain", "off"),
    label(`severity ${severity}`, severity),
    muted && label("bad", "muted: it kept failing"),
    mode !== "off" && label(sight[state], state === "waiting" ? "too little traffic so far" : state),
    missing.length > 0 && h("span", { class: "muted" }, lackText(missing)),
    heldBackBy.length > 0 && label("wait", `held back by ${heldBackBy.join(", ")}`),
  );
}

function mostFoundFirst(a, b) {
  return (b.found?.detections ?? 0) - (a.found?.detections ?? 0) || a.title.localeCompare(b.title);
}

function row(detector) {
  const { id, title } = detector;
  return h(
    "article",
    { class: "card detector-row", "aria-label": title },
    h("h3", {}, h("a", { href: `/detectors/${encodeURIComponent(id)}` }, title)),
    h("code", { class: "muted" }, id),
    detectorLabels(detector),
    detector.found && h("p", { class: "found" }, foundText(detector)),
  );
}

function foundText({ mode, found }) {
  const { detections, open, alerts, blocked, customers } = found;
  if (detections === 0) return "Nothing found so far";
  const would = mode === "dry-run" ? "would have " : "";
  return [
    `${plural(detections, "detection")}${open > 0 ? `, ${figure(open)} going on` : ""}`,
    alerts > 0 && `${would}told people ${plural(alerts, "time")}`,
    blocked > 0 &&
      `${would}blocked ${figure(blocked)}${customers > 0 ? `, ${figure(customers)} of them customers` : ""}`,
  ]
    .filter(Boolean)
    .join(" · ");
}
