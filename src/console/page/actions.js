// Buttons that change something: one request each, and what went wrong is said aloud.

import { h } from "./elements.js";

/** A button that runs `act` once, and can't be pressed again until that has ended. */
export function actionButton({ name, text, kind = "", describe, act }) {
  return h(
    "button",
    {
      type: "button",
      name,
      class: kind,
      // Several buttons of a page say the same: read aloud, each names what it is about.
      "aria-label": `${text}: ${describe}`,
      click: async ({ currentTarget: button }) => {
        if (button.ariaDisabled === "true") return;
        // `disabled` would take the keyboard's place away.
        button.ariaDisabled = "true";
        showFailure("");
        try {
          await act();
        } catch (error) {
          showFailure(`${text} did not work. ${error.message}`);
        } finally {
          button.ariaDisabled = "false";
        }
      },
    },
    text,
  );
}

/** Resolves to true when the person says yes. */
export function sure(question, yes) {
  const dialog = document.querySelector("#question-dialog");
  document.querySelector("#question-text").textContent = question;
  document.querySelector("#question-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** Shows why something failed, or takes it away. */
export function showFailure(text) {
  const failure = document.querySelector("#failure");
  failure.textContent = text;
  failure.hidden = text === "";
}
