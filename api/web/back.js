// The browser's way back closes a dialog that lies over a page, and leaves what is under it as it is.
//
// An open dialog has an entry of the history of its own. Where the reader closed it, the entry stays until the way back
// comes upon it and goes on: taking it out at once would race with whatever is opened next.

const open = []; // the dialogs, the last one on top
let onDialog = Boolean(history.state?.dialog); // whether the entry that is shown is one of a dialog
let under = location.href; // the address of the page beneath, which a dialog leaves as it is

/** showModal(), with an entry of the history. */
export function showDialog(dialog) {
  if (dialog.open) return;
  dialog.showModal();
  if (!history.state?.dialog) history.pushState({ dialog: true }, "");
  under = location.href;
  onDialog = true;
  open.push(dialog);
  dialog.addEventListener("close", () => {
    const at = open.indexOf(dialog);
    if (at >= 0) open.splice(at, 1);
  }, { once: true });
}

/** A new entry for the state of the page itself. */
export function pushAddress(address) {
  history.pushState(null, "", address);
  onDialog = false;
}

addEventListener("popstate", (event) => {
  const left = onDialog;
  onDialog = Boolean(event.state?.dialog);
  if (!left || onDialog || location.href !== under) return; // or a place on the page was gone to
  event.stopImmediatePropagation(); // the page under the dialog has not changed
  if (!open.length) {
    history.back();
    return;
  }
  for (const dialog of open.splice(0).reverse()) dialog.close();
});
