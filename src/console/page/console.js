// Where the page begins: finds out what its address asks for, and keeps it up to date.

import { follow } from "./api-client.js";
import { decisionsView } from "./decisions-view.js";
import { detectorPage } from "./detector-page.js";
import { detectorsPage } from "./detectors-page.js";
import { deliveriesView } from "./deliveries-view.js";
import { h } from "./elements.js";
import { incidentPage } from "./incident-page.js";
import { incidentsView } from "./incidents-view.js";
import { LiveState } from "./live-state.js";
import { runbookPage } from "./runbook-page.js";
import { serviceView, showBanners, showStats } from "./service-view.js";
import { clockTime, keepTimes, now, setServiceTime } from "./time.js";

const state = new LiveState(show);
const main = document.querySelector("#main");
const parts = partsOf(location.pathname);

for (const link of document.querySelectorAll(".pages a")) {
  const { pathname } = new URL(link.href);
  if (pathname === location.pathname) link.setAttribute("aria-current", "page");
}
keepTimes();
void follow("/v1/events", {
  onEvent(name, data) {
    if (name === "trouble") return showConnection("trouble", "The service can't read its own state right now");
    setServiceTime(data.status.now);
    state.apply(name, data);
    showConnection("live", "live");
  },
  onLost: () => {
    if (main.dataset.heard) showConnection("lost", `no news since ${main.dataset.heard}`);
    else showConnection("lost", "no connection");
  },
});

function show() {
  const open = [...state.incidents.values()].filter((incident) => incident.state === "open").length;
  if (location.pathname === "/") document.title = open > 0 ? `(${open}) gatewatch` : "gatewatch";
  document.querySelector("#service-name").textContent = state.status.service;
  document.querySelector("#version").textContent = `gatewatch ${state.status.version}`;
  showStats(document.querySelector("#stats"), state.status);
  showBanners(document.querySelector("#banners"), state);
  if (!main.dataset.shown) {
    main.replaceChildren(...parts.map(({ element }) => element));
    main.dataset.shown = "yes";
  }
  for (const part of parts) part.update();
}

/** What the address shows: an incident, a runbook, a detector, all detectors, or all that is going on. */
function partsOf(path) {
  if (path === "/detectors") return [detectorsPage()];
  const [, kind, id] = /^\/(incidents|runbooks|detectors)\/([^/]+)$/.exec(path) ?? [];
  if (kind === "incidents") return [incidentPage(decodeURIComponent(id), state)];
  if (kind === "detectors") return [detectorPage(decodeURIComponent(id))];
  if (kind === "runbooks") return [runbookPage(decodeURIComponent(id))];
  const side = [decisionsView(state), serviceView(state)];
  const rest = [incidentsView(state), deliveriesView(state)];
  const update = () => [...rest, ...side].forEach((view) => view.update());
  const column = (name, views) => h("div", { class: name }, ...views.map(({ element }) => element));
  return [{ element: h("div", { class: "overview" }, column("wide", rest), column("narrow", side)), update }];
}

function showConnection(kind, text) {
  const connection = document.querySelector("#connection");
  if (kind === "live") main.dataset.heard = clockTime(now());
  connection.className = `connection ${kind}`;
  if (connection.textContent !== text) connection.textContent = text;
}
