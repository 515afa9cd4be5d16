// What a detector found, whom it blocked or would have, and what other thresholds would have found.

import { at, fact, h, label } from "./elements.js";
import { span } from "./time.js";
import { figure, plural, scopeWords } from "./words.js";

const latestShown = 6;

const resultLabels = {
  blocked: ["ban", "blocked"],
  asked: ["asked", "a person is asked"],
  refused: ["plain", "the guard refused"],
  withdrawn: ["plain", "taken back"],
};
const standingText = { bought: "had bought", signedIn: "had signed in" };

/** The parts of a report: `{ name, draw, data }`, to be drawn anew where data change. */
export function reportSections(report, { blocks: mayBlock }) {
  const part = (name, draw, data) => ({ name, draw, data });
  const { keys, latest, thresholds, suggestions, promote, adjust, leftOut, ...figures } = report;
  return {
    found: [
      part("figures", figuresOf, { ...figures, mayBlock, until: minuteOf(figures.until) }),
      keys.length > 0 && part("keys", keysOf, keys),
      latest.length > 0 && part("latest", latestOf, latest),
    ],
    thresholds: [
      report.mode === "dry-run" &&
        part("thresholds", thresholdsOf, { thresholds, suggestions, leftOut, detections: report.detections }),
      (promote || adjust) && part("promote", promoteOf, { promote, adjust }),
    ],
  };
}

/** The end of what was seen, to the minute: a report of weeks need not be drawn anew every second. */
function minuteOf(time) {
  return time === undefined ? undefined : Math.floor(time / 60_000) * 60_000;
}

function figuresOf({ mode, since, until, detections, states, alerts, aDay, people, blocks, mayBlock }) {
  const dry = mode === "dry-run";
  const daily = (name) => (aDay ? h("span", { class: "muted" }, ` ${figure(aDay[name])} a day`) : "");
  const seen =
    since === undefined ? "no events yet" : [at(since), h("span", { class: "muted" }, ` ${span(until - since)}`)];
  return titled(
    dry ? "What it would have done" : "What it did",
    h(
      "dl",
      { class: "facts" },
      fact("since", ...[seen].flat()),
      fact("detections", figure(detections), daily("detections")),
      states.open > 0 && fact("going on", figure(states.open)),
      states.unconfirmed > 0 && fact("not confirmed", figure(states.unconfirmed)),
      fact(dry ? "alerts it would have caused" : "alerts it caused", figure(alerts), daily("alerts")),
    ),
    people.all > 0 &&
      h("p", {}, `About ${plural(people.all, "client or user", "clients or users")}${customersText(people)}.`),
    mayBlock ? blocksOf(blocks, dry, daily("blocked")) : h("p", { class: "muted" }, "No runbook of it blocks anybody."),
  );
}

function blocksOf({ blocked, asked, refused, withdrawn, onTrial, refusedBy, hit }, dry, daily) {
  const customers = blocked.bought + blocked.signedIn;
  const rules = Object.entries(refusedBy);
  const none = [blocked, asked, refused, withdrawn].every(({ all }) => all === 0);
  if (none) return h("p", { class: "muted" }, dry ? "It would have blocked nobody." : "It blocked nobody.");
  return h(
    "div",
    { class: "blocks" },
    h(
      "dl",
      { class: "facts" },
      fact(dry ? "would have blocked" : "blocked", figure(blocked.all), daily),
      !dry && onTrial > 0 && fact("of these on trial alone", figure(onTrial)),
      customers > 0 &&
        fact("customers among them", h("strong", { class: "wrong" }, figure(customers)), customersText(blocked)),
      asked.all > 0 && fact("a person asked", figure(asked.all)),
      refused.all > 0 && fact("refused by the guard", figure(refused.all)),
      withdrawn.all > 0 && fact("taken back by itself", figure(withdrawn.all)),
    ),
    onTrial > 0 && h("p", {}, hitText(hit)),
    rules.length > 0 &&
      h(
        "p",
        { class: "keys" },
        "The guard's rules, by decisions: ",
        ...rules.map(([rule, times]) => h("code", {}, `${rule} ${figure(times)}`)),
      ),
  );
}

function customersText({ bought, signedIn }) {
  const parts = [bought > 0 && `${figure(bought)} had bought`, signedIn > 0 && `${figure(signedIn)} had signed in`];
  const text = parts.filter(Boolean).join(", ");
  return text === "" ? "" : ` (${text} before)`;
}

function hitText({ requests, succeeded, signedIn, bought, users }) {
  if (requests === 0) return "No further request came while it would have held.";
  const kinds = [
    signedIn > 0 && plural(signedIn, "sign-in"),
    bought > 0 && plural(bought, "step of a purchase", "steps of a purchase"),
  ].filter(Boolean);
  const named = users > 0 ? `, which named ${plural(users, "user")}` : "";
  const good =
    succeeded === 0
      ? "none succeeded"
      : `${figure(succeeded)} succeeded${kinds.length > 0 ? `: ${kinds.join(", ")}` : ""}`;
  return `Would have refused ${plural(requests, "request")}${named}; ${good}.`;
}

function keysOf(keys) {
  const rows = keys.map(({ key, times }) =>
    h("tr", {}, h("td", {}, h("code", {}, key)), h("td", { class: "number" }, figure(times))),
  );
  return titled("Found most often", h("table", { "aria-label": "Found most often" }, h("tbody", {}, ...rows)));
}

function latestOf(blocks) {
  const lines = blocks.map(blockLine);
  const more = lines.splice(latestShown);
  return titled(
    "Latest decisions",
    h("div", { class: "list" }, ...lines),
    more.length > 0 &&
      h(
        "details",
        { "data-name": "more" },
        h("summary", {}, `${more.length} more`),
        h("div", { class: "list" }, ...more),
      ),
  );
}

function blockLine({ result, dryRun, scope, value, action, createdAt, incident, standing, refusedBy, wouldHaveHit }) {
  const [kind, text] = resultLabels[result];
  const dry = dryRun && result === "blocked";
  const hit = wouldHaveHit && hitText({ ...wouldHaveHit, users: 0 });
  const rules = refusedBy.length > 0 && `By ${refusedBy.join(", ")}.`;
  const users = wouldHaveHit?.users ?? [];
  const more =
    users.length > 0 && wouldHaveHit.userCount > users.length
      ? ` and ${figure(wouldHaveHit.userCount - users.length)} more`
      : "";
  const named = users.length > 0 && `Users: ${users.join(", ")}${more}.`;
  return h(
    "article",
    { class: "block-line", "aria-label": `${action} of ${scopeWords[scope]} ${value}` },
    h(
      "div",
      { class: "labels" },
      h("span", { class: "muted" }, `${action} of ${scopeWords[scope]}`),
      h("code", {}, value),
      label(dry ? "dry" : kind, dry ? "would be blocked" : text),
      standingText[standing] && label("bad", standingText[standing]),
      at(createdAt),
    ),
    h(
      "p",
      { class: "muted" },
      ...[rules, hit, named].filter(Boolean).map((part) => `${part} `),
      incident && h("a", { href: `/incidents/${encodeURIComponent(incident)}` }, "Incident"),
    ),
  );
}

function thresholdsOf({ thresholds, suggestions, leftOut, detections }) {
  const nothing =
    detections === 0
      ? "No key came near a threshold yet."
      : "No parameter decided alone: other conditions fired as well.";
  return titled(
    "Thresholds",
    ...suggestions.map(({ kind, text }) => h("p", { class: kind === "raise" ? "why" : "" }, `${text}.`)),
    ...(thresholds.length === 0 ? [h("p", { class: "muted" }, nothing)] : thresholds.map(thresholdOf)),
    leftOut > 0 &&
      h("p", { class: "muted" }, `${plural(leftOut, "key")} came near and could not be followed: there were too many.`),
  );
}

function thresholdOf({ parameter, multiplesOf, value, near, highest, at: values, always }) {
  const shown = (number) => (multiplesOf ? `× ${figure(number)}` : figure(number));
  const most = Math.max(1, ...values.map(({ detections }) => detections));
  const rows = values
    .filter(isTelling(value))
    .map((one) =>
      h(
        "tr",
        one.value === value ? { class: "own", "aria-current": "true" } : {},
        h("th", { scope: "row" }, shown(one.value), one.value === value && h("span", { class: "muted" }, " now")),
        h("td", {}, h("meter", { value: one.detections, max: most, "aria-label": `at ${one.value}` })),
        h("td", { class: "number" }, figure(one.detections)),
        h("td", { class: "number" }, one.bought + one.signedIn === 0 ? "–" : figure(one.bought + one.signedIn)),
      ),
    );
  const heads = ["value", "", "detections", "customers"].map((name) => h("th", { scope: "col" }, name));
  return h(
    "details",
    { "data-name": parameter, open: true },
    h("summary", {}, h("code", {}, parameter), multiplesOf ? " together" : ` ${figure(value)}`),
    h("p", { class: "muted" }, nearText(near, shown), ...highestText(highest, shown)),
    h(
      "table",
      { class: "thresholds", "aria-label": `${parameter} at other values` },
      h("thead", {}, h("tr", {}, ...heads)),
      h("tbody", {}, ...rows),
    ),
    always > 0 && h("p", { class: "muted" }, `${figure(always)} more whatever its value, by another condition.`),
  );
}

/** Values at which another number is found than at the one before; its own, too. */
function isTelling(own) {
  return ({ value, detections }, i, all) => i === 0 || value === own || detections !== all[i - 1].detections;
}

function nearText({ times, p50, p90, p99, max }, shown) {
  const spread = times < 10 ? "" : `; half of them to ${shown(p50)}, 90 % to ${shown(p90)}, 99 % to ${shown(p99)}`;
  return `A key came to half of it or more ${plural(times, "time")}${spread}; at most to ${shown(max)}.`;
}

function highestText({ bought, signedIn }, shown) {
  return [
    bought !== undefined && ` Of those who had bought, at most to ${shown(bought)}.`,
    signedIn !== undefined && ` Of those who had signed in, at most to ${shown(signedIn)}.`,
  ].filter(Boolean);
}

function promoteOf({ promote, adjust }) {
  return titled(
    "Configuration",
    adjust && h("p", {}, "With the values that are suggested:"),
    adjust && h("pre", { class: "line", tabindex: "0" }, h("code", {}, adjust)),
    promote && h("p", {}, "To let it act:"),
    promote && h("pre", { class: "line", tabindex: "0" }, h("code", {}, promote)),
    h("p", { class: "muted" }, "Written into the configuration, it is taken over while the service runs."),
  );
}

function titled(title, ...content) {
  return h("section", { class: "card", "aria-label": title }, h("h2", {}, title), ...content);
}
