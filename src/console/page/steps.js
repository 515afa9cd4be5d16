// A runbook's steps: HTML that the service rendered from Markdown. The text is the operator's own,
// not a log line's; still, only the elements that Markdown makes are taken over, without attributes.

import { h } from "./elements.js";

const allowed = new Set([
  "h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "strong", "em", "s", "code", "pre", "blockquote", "hr",
  "br", "table", "thead", "tbody", "tr", "th", "td", "a",
]); // prettier-ignore

/** The steps as elements. The parsed document is inert: nothing in it runs or loads. */
export function stepsOf(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  return h("div", { class: "steps" }, ...copyChildren(parsed.body));
}

function copyChildren(parent) {
  return [...parent.childNodes].flatMap((node) => {
    if (node.nodeType === Node.TEXT_NODE) return [node.data];
    if (node.nodeType !== Node.ELEMENT_NODE) return [];
    const tag = node.localName;
    const children = copyChildren(node);
    if (!allowed.has(tag)) return children;
    return [h(tag, tag === "a" ? linkAttributes(node) : {}, ...children)];
  });
}

function linkAttributes(link) {
  const href = link.getAttribute("href") ?? "";
  return /^(https?:|mailto:|\/|#)/i.test(href) ? { href, rel: "noreferrer" } : {};
}
