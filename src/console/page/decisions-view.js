// Decisions: who is banned, slowed down or challenged, until when and why.

import { actionButton, sure } from "./actions.js";
import { h, label, showList, until } from "./elements.js";
import { figure, plural, scopeWords } from "./words.js";

/** The section; `update` draws what changed. */
export function decisionsView(state) {
  const count = h("span", { class: "count" });
  const list = h("div", { class: "list" });
  const stop = actionButton({
    name: "stop",
    text: "Stop blocking",
    kind: "quiet",
    describe: "let everyone in",
    act: async () => {
      const question = "Let everyone in? All gateways are emptied within a second. Detection and pages go on.";
      if (await sure(question, "Stop blocking")) await state.switchBlocking("stop");
    },
  });
  const element = h(
    "section",
    { class: "decisions", "aria-labelledby": "decisions-title" },
    h("div", { class: "title-row" }, h("h2", { id: "decisions-title" }, "Decisions ", count), stop),
    list,
  );
  return {
    element,
    update() {
      const { mode, stopped } = state.status.blocking;
      const decisions = [...state.decisions.values()].sort(askedFirst);
      count.textContent = decisions.length === 0 ? "" : String(decisions.length);
      stop.hidden = stopped || mode === "observe";
      showList(list, decisions, {
        keyOf: ({ id }) => String(id),
        stateOf: ({ version, wouldHaveHit }) => `${version}/${wouldHaveHit?.requests ?? 0}/${mode}/${stopped}`,
        draw: (decision) => decisionCard(decision, state),
        empty: "Nobody is blocked. That is the normal state.",
      });
    },
  };
}

/** One decision; also on an incident's own page. */
export function decisionCard(decision, state) {
  const target = `${scopeWords[decision.scope]} ${decision.value}`;
  return h(
    "article",
    { class: `card decision ${decision.state}`, "aria-label": `${decision.action} of ${target}` },
    h(
      "div",
      { class: "labels" },
      label(`action ${decision.action}`, decision.action),
      ...servedLabels(decision, state.status?.blocking),
      isCurrent(decision) && until(decision.until),
    ),
    h(
      "p",
      { class: "target" },
      h("span", { class: "muted" }, scopeWords[decision.scope]),
      " ",
      h("code", {}, decision.value),
    ),
    h("p", {}, decision.reason),
    decision.wouldHaveHit && h("p", {}, wouldHaveHitText(decision.wouldHaveHit)),
    decision.state === "asked" && h("p", { class: "why" }, whyAsked(decision)),
    h(
      "p",
      { class: "muted" },
      h("span", { title: "What a refused customer is shown" }, "reference "),
      h("code", { class: "reference" }, decision.uuid),
    ),
    isCurrent(decision) && h("div", { class: "buttons" }, ...buttons(decision, target, state)),
  );
}

function buttons(decision, target, state) {
  const asked = decision.state === "asked";
  return [
    asked &&
      actionButton({
        name: "confirm",
        text: "Confirm",
        kind: "primary",
        describe: `${decision.action} of ${target}`,
        act: () => state.confirm(decision.id),
      }),
    actionButton({
      name: "lift",
      text: asked ? "Dismiss" : "Lift",
      describe: `${decision.action} of ${target}`,
      act: () => state.lift(decision.id),
    }),
  ];
}

/** Says so wherever nobody is refused because of it. */
function servedLabels({ state, dryRun }, blocking) {
  if (state === "asked") return [label("asked", "waits for you")];
  if (state !== "active") return [label("plain", state)];
  if (dryRun || blocking?.mode === "observe") return [label("dry", "dry run")];
  return blocking?.stopped ? [label("dry", "stopped")] : [];
}

function wouldHaveHitText({ requests, succeeded, signedIn, bought, users, userCount }) {
  const kinds = [signedIn > 0 && plural(signedIn, "sign-in"), bought > 0 && plural(bought, "step") + " of a purchase"];
  const what = kinds.filter(Boolean).join(", ");
  const more = userCount > users.length ? ` and ${figure(userCount - users.length)} more` : "";
  const named = users.length === 0 ? "" : ` Users: ${users.join(", ")}${more}.`;
  return `Would have refused ${plural(requests, "request")}, ${succeeded} of them successful${what && `: ${what}`}.${named}`;
}

function whyAsked({ verdicts }) {
  const reasons = verdicts.filter(({ says }) => says === "ask").map(({ reason }) => reason);
  return `The guard asks: ${reasons.join("; ") || "is this right?"}`;
}

function isCurrent({ state }) {
  return state === "active" || state === "asked";
}

function askedFirst(a, b) {
  return Number(b.state === "asked") - Number(a.state === "asked") || b.createdAt - a.createdAt;
}
