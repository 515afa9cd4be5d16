// How the service is: what comes in, what the detectors can see of it, and what stands in the way.

import { actionButton } from "./actions.js";
import { fact, h, label, showList } from "./elements.js";
import { span } from "./time.js";
import { figure, percent, plural } from "./words.js";

const coverageShown = 6;
const partitionsShown = 16;

/** Traffic and detectors; `update` draws what changed. */
export function serviceView(state) {
  const sources = h("div", { class: "list" });
  const detectors = h("div", { class: "list" });
  const element = h(
    "section",
    { class: "service", "aria-labelledby": "service-title" },
    h("h2", { id: "service-title" }, "Traffic"),
    sources,
    h("div", { class: "title-row" }, h("h2", {}, "Detectors"), h("a", { href: "/detectors" }, "Reports")),
    detectors,
  );
  return {
    element,
    update() {
      showList(sources, state.status.sources, { keyOf: ({ name }) => name, stateOf: JSON.stringify, draw: sourceCard });
      showList(detectors, groups(state.status.detectors), {
        keyOf: ({ name }) => name,
        stateOf: JSON.stringify,
        draw: detectorGroup,
      });
    },
  };
}

/** The figures at the top of every page. */
export function showStats(container, status) {
  const { store } = status;
  container.replaceChildren(
    fact("events/s", figure(status.eventsPerSecond)),
    fact("rejected/s", figure(status.rejectedPerSecond)),
    fact("behind", status.lagMs === undefined ? "no events yet" : lagText(status.lagMs)),
    fact("busy", percent(1 - (status.stages.wait ?? 1))),
    fact("store", store.reachable ? "ok" : `away, ${plural(store.journalRows, "row")} in the journal`),
  );
}

/** What people have to know before they trust the rest of the page. */
export function showBanners(container, state) {
  const { blocking, sources, detectors, store } = state.status;
  const banners = [];
  if (blocking.stopped) {
    const by = blocking.stoppedBy ? ` by ${blocking.stoppedBy}` : "";
    banners.push({ kind: "bad", text: `Blocking is stopped${by}: everyone is let in.`, resume: true });
  } else if (blocking.mode === "observe") {
    banners.push({
      kind: "calm",
      text: "Observing: decisions are listed here and served to nobody, until the configuration says block.mode: enforce.",
    });
  }
  if (!store.reachable)
    banners.push({ kind: "wait", text: "The store can't be reached. Nothing is lost: rows wait in the journal." });
  if (store.journalError)
    banners.push({ kind: "bad", text: `The disk takes nothing, and all waits: ${store.journalError}.` });
  for (const { name, silent, trouble } of sources) {
    if (trouble) banners.push({ kind: "bad", text: `Source ${name} has trouble: ${trouble}.` });
    else if (silent) banners.push({ kind: "wait", text: `Source ${name} is silent: nothing arrives.` });
  }
  const muted = detectors.filter((detector) => detector.muted).map(({ id }) => id);
  if (muted.length > 0) banners.push({ kind: "bad", text: `Muted, since they kept failing: ${muted.join(", ")}.` });
  showList(container, banners, {
    keyOf: ({ text }) => text,
    stateOf: () => 1,
    draw: (banner) => bannerLine(banner, state),
  });
}

function bannerLine({ kind, text, resume }, state) {
  const button =
    resume &&
    actionButton({
      name: "resume",
      text: "Resume blocking",
      describe: "gateways refuse again",
      act: () => state.switchBlocking("resume"),
    });
  return h("div", { class: `banner ${kind}` }, h("span", {}, text), button);
}

function lagText(lagMs) {
  return lagMs < 10_000 ? `${figure(lagMs / 1000)} s` : span(lagMs);
}

function sourceCard(source) {
  const { certainClients } = source;
  return h(
    "article",
    { class: "card", "aria-label": `Source ${source.name}` },
    h(
      "div",
      { class: "labels" },
      h("strong", {}, source.name),
      label("plain", source.type),
      label(source.format ? "plain" : "wait", source.format ?? "format not found yet"),
      source.silent && label("wait", "silent"),
      source.trouble && label("bad", source.trouble),
    ),
    h(
      "dl",
      { class: "facts" },
      fact("events/s", figure(source.eventsPerSecond)),
      fact("rejected/s", figure(source.rejectedPerSecond)),
      source.lagMs !== undefined && fact("behind", lagText(source.lagMs)),
      certainClients !== undefined && fact("client address certain", percent(certainClients)),
    ),
    partitionLags(source.partitions),
    ...source.formats.flatMap((format) => formatCoverage(format, source)),
  );
}

/** A row for each partition, the one that is furthest behind first; one alone says no more than its source. */
function partitionLags(partitions) {
  if (partitions.length < 2) return false;
  const sorted = partitions.toSorted((a, b) => b.lagMs - a.lagMs);
  const rows = sorted.slice(0, partitionsShown).map(
    ({ name, lagMs, records }) =>
    h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, lagText(lagMs)), h("td", {}, records === undefined ? "" : plural(records, "record"))), // prettier-ignore
  );
  const more = partitions.length - rows.length;
  return h(
    "details",
    { class: "partitions", "data-name": "partitions" },
    h("summary", {}, `${plural(partitions.length, "partition")}, each one's lag`),
    h("table", {}, h("thead", {}, h("tr", {}, ...["partition", "behind", "waiting"].map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, ...rows)), // prettier-ignore
    more > 0 && h("p", {}, `${more} more, not further behind`),
  );
}

/** What the records of one format have; where a source has one alone, its name stands above already. */
function formatCoverage({ format, events, coverage: fields }, { formats }) {
  const head = formats.length > 1 && h("h3", {}, format, " ", h("span", { class: "muted" }, plural(events, "event")));
  return [head, ...coverage(fields, format)];
}

/** How much of the traffic has each field: what is never there, since it is what makes a detector blind, then what is at times. */
function coverage(fields, format) {
  const shares = Object.entries(fields);
  if (shares.length === 0) return [];
  const never = shares.filter(([, share]) => share === 0).map(([field]) => h("code", {}, field));
  const partly = shares.filter(([, share]) => share > 0 && share < 1).sort(([, a], [, b]) => a - b);
  const whole = shares.length - never.length - partly.length;
  const rows = partly.map(([field, share]) =>
    h(
      "div",
      { class: "meter-row" },
      h("code", {}, field),
      h("meter", { value: share, "aria-label": field }),
      percent(share),
    ),
  );
  const more = rows.splice(coverageShown);
  return [
    never.length > 0 && h("p", { class: "fields" }, h("span", { class: "muted" }, "Never: "), ...never),
    rows.length > 0 && h("p", { class: "muted" }, "At times:"),
    ...rows,
    more.length > 0 && h("details", { "data-name": format }, h("summary", {}, `${more.length} more`), ...more),
    h(
      "p",
      { class: "muted" },
      rows.length + never.length === 0 ? "Every event has every field." : `Always: ${plural(whole, "field")}.`,
    ),
  ];
}

/** Those that can't see, or see less, first and one by one; the rest as names. */
function groups(detectors) {
  const on = detectors.filter(({ mode }) => mode !== "off");
  return [
    { name: "muted", kind: "bad", text: "kept failing", of: on.filter(({ muted }) => muted) },
    {
      name: "blind",
      kind: "bad",
      text: "can't work",
      of: on.filter(({ state, muted }) => !muted && state === "blind"),
    },
    {
      name: "reduced",
      kind: "wait",
      text: "less sure",
      of: on.filter(({ state, muted }) => !muted && state === "reduced"),
    },
    {
      name: "full",
      kind: "good",
      text: "sees all it wants",
      of: on.filter(({ state, muted }) => !muted && state === "full"),
    },
    {
      name: "waiting",
      kind: "plain",
      text: "too little traffic so far to tell",
      of: on.filter(({ state, muted }) => !muted && state === "waiting"),
    },
    { name: "off", kind: "plain", text: "by configuration", of: detectors.filter(({ mode }) => mode === "off") },
  ].filter(({ of }) => of.length > 0);
}

function detectorGroup({ name, kind, text, of }) {
  return h(
    "article",
    { class: "card detectors", "aria-label": `Detectors: ${name}` },
    h("div", { class: "labels" }, label(kind, name), h("span", { class: "muted" }, text)),
    h("ul", {}, ...of.map(detectorLine)),
  );
}

function detectorLine(detector) {
  const { id, title, mode, missing, gaps } = detector;
  const heldBackBy = detector.suppressed?.by ?? [];
  const name = [
    h("span", {}, id),
    mode === "dry-run" && label("dry", "dry run"),
    heldBackBy.length > 0 && label("wait", `held back by ${heldBackBy.join(", ")}`),
  ];
  const lacks = missing.length > 0 && h("span", { class: "muted" }, lackText(missing));
  if (detector.fields.length === 0) return h("li", { title }, ...name, lacks);
  const elsewhere = gaps.length > 0 && missing.length === 0 && h("span", { class: "muted" }, "not from everywhere");
  return h(
    "li",
    { title },
    h(
      "details",
      { "data-name": id },
      h("summary", {}, ...name, lacks, elsewhere),
      fieldTable(detector),
      ...gaps.map(gapLine),
      h(
        "p",
        {},
        h("a", { href: `/detectors/${encodeURIComponent(id)}`, "aria-label": `Report of ${id}` }, "Its report"),
      ),
    ),
  );
}

/** What a detector lacks, in words. */
export function lackText(missing) {
  return missing.includes("attempt") ? "waits for shop events, and none comes" : `lacks ${missing.join(", ")}`;
}

/** Each field a detector needs, and how much of what it looks at has it. */
export function fieldTable({ id, fields, events }) {
  return h(
    "table",
    { class: "coverage", "aria-label": `What ${id} needs` },
    h("caption", { class: "muted" }, `of ${plural(events, "event")} it looked at`),
    h(
      "thead",
      {},
      h("tr", {}, h("th", { scope: "col" }, "field"), h("th", { scope: "col" }, "share"), h("th", {}, "")),
    ),
    h(
      "tbody",
      {},
      ...fields.map(({ field, needed, share }) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, h("code", {}, field)),
          h("td", {}, share === 0 ? label(needed ? "bad" : "wait", "never") : percent(share)),
          h("td", { class: "muted" }, needed ? "needed" : "makes it surer"),
        ),
      ),
    ),
  );
}

/** A gateway that lacks fields which others have. */
export function gapLine({ gateway, origin, missing }) {
  const where = origin === "shop" ? `Shop events of ${gateway}` : gateway;
  return h("p", { class: "muted" }, `${where} never has ${missing.join(", ")}.`);
}
