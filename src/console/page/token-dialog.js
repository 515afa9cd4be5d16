// Asks for a token; resolves once one was typed. There is no way round it: without one nothing can be shown.

/** `wrong` says why the last one was not taken. */
export function askForToken(wrong) {
  const dialog = document.querySelector("#token-dialog");
  const input = document.querySelector("#token-input");
  document.querySelector("#token-wrong").textContent = wrong;
  input.value = "";
  const stay = (event) => event.preventDefault();
  dialog.addEventListener("cancel", stay);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.querySelector("form").addEventListener(
      "submit",
      () => {
        dialog.removeEventListener("cancel", stay);
        resolve(input.value.trim());
      },
      { once: true },
    );
  });
}
