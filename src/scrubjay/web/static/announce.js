/* Says what changed to those who do not see it. */

export function announce(words) {
  const announcer = document.getElementById("announcer");
  announcer.textContent = "";
  // A reader hears a change, not a text that stays the same.
  window.setTimeout(() => {
    announcer.textContent = words;
  }, 50);
}

/* After a part of the page was replaced, its `data-announce` is said once. */
export function announceSwaps() {
  let last = "";
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail?.ctx?.target;
    const within = target?.isConnected ? target : document;
    const said = [...within.querySelectorAll("[data-announce]")].at(-1)?.dataset.announce
      ?? document.getElementById("run")?.dataset.announce;
    if (said && said !== last) {
      announce(said);
      last = said;
    }
  });
  document.addEventListener("htmx:error", () => {
    announce("The server does not answer. Try again in a moment.");
  });
}
