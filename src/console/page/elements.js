// Builds elements. All text goes in as text: nothing here, or anywhere in the page, parses HTML
// that came from a log line.

import { clockTime, showTime } from "./time.js";

/** `h("button", { class: "primary", click: fn }, "Save")`; attributes that are false or missing are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return element;
}

/** `4 min ago`, kept up to date; the exact time is in its title. */
export function since(ms) {
  return timeElement(ms, "since");
}

/** `13 min left`, kept up to date. */
export function until(ms) {
  return timeElement(ms, "until");
}

/** A clock time. */
export function at(ms) {
  return h("time", { datetime: new Date(ms).toISOString(), title: new Date(ms).toISOString() }, clockTime(ms));
}

/** A small label; `kind` chooses its colour, and its text says the same. */
export function label(kind, text) {
  return h("span", { class: `label ${kind}` }, text);
}

/** A row of label and value for a `<dl>`. */
export function fact(name, ...value) {
  return h("div", {}, h("dt", {}, name), h("dd", {}, ...value));
}

/**
 * Shows a list, and touches only what changed, so that focus, selection and open details stay; details
 * with a `data-name` stay open in an item that is drawn anew, too. `stateOf` says when an item has to be drawn anew; `empty` is shown where there is nothing.
 */
export function showList(container, items, { keyOf, stateOf, draw, empty }) {
  const before = new Map([...container.children].map((child) => [child.dataset.key, child]));
  const focused = container.contains(document.activeElement) ? document.activeElement : undefined;
  const wanted = items.length === 0 && empty ? [{ key: "(empty)", state: empty, draw: () => h("p", { class: "empty" }, empty) }]
    : items.map((item) => ({ key: keyOf(item), state: String(stateOf(item)), draw: () => draw(item) })); // prettier-ignore
  const nodes = wanted.map(({ key, state, draw }) => {
    const known = before.get(key);
    if (known?.dataset.state === state) return known;
    const node = draw();
    if (known) keepOpen(known, node);
    node.dataset.key = key;
    node.dataset.state = state;
    return node;
  });
  for (const child of before.values()) if (!nodes.includes(child)) child.remove();
  for (const [index, node] of nodes.entries()) {
    if (container.children[index] !== node) container.insertBefore(node, container.children[index] ?? null);
  }
  if (focused && !focused.isConnected) refocus(container, focused);
}

function keepOpen(before, after) {
  for (const { dataset } of before.querySelectorAll("details[open][data-name]")) {
    after.querySelector(`details[data-name="${CSS.escape(dataset.name)}"]`)?.setAttribute("open", "");
  }
}

/** Back to the same button of the same item, or else to the list, so that the keyboard is not lost. */
function refocus(container, lost) {
  const key = lost.closest("[data-key]")?.dataset.key;
  const item = [...container.children].find((child) => child.dataset.key === key);
  const details = lost.closest("details[data-name]")?.dataset.name;
  const summary = details && item?.querySelector(`details[data-name="${CSS.escape(details)}"] > summary`);
  const target =
    summary ?? item?.querySelector(`[name="${lost.getAttribute("name")}"]`) ?? item?.querySelector("button, a");
  if (!target) container.setAttribute("tabindex", "-1");
  (target ?? container).focus();
}

function timeElement(ms, kind) {
  const element = h("time", { datetime: new Date(ms).toISOString(), title: clockTime(ms), [`data-${kind}`]: ms });
  showTime(element);
  return element;
}
