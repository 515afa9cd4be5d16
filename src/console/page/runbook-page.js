// One runbook: its rule in a few words, and its steps.

import { ask } from "./api-client.js";
import { showFailure } from "./actions.js";
import { fact, h, label } from "./elements.js";
import { stepsOf } from "./steps.js";
import { span } from "./time.js";

/** The page; it is read once. */
export function runbookPage(id) {
  const element = h("div", { class: "runbook-page" }, h("p", { class: "empty" }, "Loading…"));
  const read = async () => {
    try {
      const { runbook } = await ask("GET", `/v1/runbooks/${encodeURIComponent(id)}`);
      document.title = `${runbook.title} · gatewatch`;
      element.replaceChildren(head(runbook), h("section", { class: "card" }, stepsOf(runbook.html)));
    } catch (error) {
      showFailure(error.message);
      element.replaceChildren(h("p", { class: "empty" }, "This runbook can't be shown."));
    }
  };
  void read();
  return { element, update() {} };
}

function head(runbook) {
  return h(
    "section",
    { class: `card head ${runbook.severity}` },
    h("div", { class: "labels" }, label(`severity ${runbook.severity}`, runbook.severity), label("plain", "runbook")),
    h("h1", {}, runbook.title),
    h(
      "dl",
      { class: "facts" },
      runbook.match && fact("for", runbook.match.detector.join(", ")),
      runbook.when && fact("when", h("code", {}, runbook.when)),
      fact("pages", runbook.page ?? "nobody"),
      fact("blocks", blockText(runbook.block)),
      fact("resolves after", span(runbook.resolveAfterMs)),
    ),
  );
}

function blockText(block) {
  if (!block) return "never";
  const sure = block.confidence === "low" ? "" : `, at ${block.confidence ?? "high"} confidence`;
  return `${block.action} for ${span(block.forMs)}${sure}${block.dryRun ? " (dry run)" : ""}`;
}
