/* The switch between usual and big targets, without losing what stands on the page. */

import { announce } from "./announce.js";

export function switchSize() {
  const form = document.getElementById("bigger");
  const button = form?.querySelector("button");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const on = button.value === "1";
    const sent = new URLSearchParams(new FormData(form, button));
    show(on);
    try {
      const answer = await fetch(form.action, { method: "POST", body: sent, redirect: "manual" });
      if (answer.type !== "opaqueredirect" && !answer.ok) {
        throw new Error(answer.statusText);
      }
      announce(on ? "Everything is bigger now, on every page." : "Usual size, on every page.");
    } catch {
      announce("This size holds for this page only: the server does not answer.");
    }
  });

  function show(on) {
    document.documentElement.classList.toggle("bigger", on);
    button.value = on ? "0" : "1";
    button.textContent = on ? button.dataset.usual : button.dataset.bigger;
  }
}
