/* One question made of words and, where one is attached, an example: a picture or a recording. */

import { announce } from "./announce.js";
import { takeHandedOver } from "./handed-over.js";
import { listen } from "./listening.js";
import { preview } from "./preview.js";

const NO_ANSWER = "The server does not answer. Try again in a moment.";

const byId = (id) => document.getElementById(id);

export function startSearch() {
  const words = byId("search");
  const show = byId("show");
  const example = byId("example");
  const results = byId("results");

  const attached = () => example.files.length > 0;

  /* An example replaces the item that was liked, and the example before. */
  function attach(file, { spoken = false } = {}) {
    const data = new DataTransfer();
    data.items.add(file);
    example.files = data.files;
    byId("like")?.remove();
    byId("attached").hidden = false;
    byId("balance").hidden = !byId("q").value.trim();
    byId("attached").querySelector(".name").textContent = spoken ? "What you said" : file.name;
    byId("detach").href = "/";
    preview(file, byId("attached").querySelector("canvas"));
    show.requestSubmit();
  }

  function detach() {
    example.value = "";
    byId("like")?.remove();
    byId("attached").hidden = true;
    words.requestSubmit();
    byId("q").focus();
  }

  /* Typing and filters belong to the form of words; with an example the other form asks. */
  words.addEventListener("htmx:config:request", (event) => {
    if (event.target !== words) {
      return;
    }
    const mixes = byId("q").value.trim() !== "" && !byId("attached").hidden;
    byId("balance").hidden = !mixes;
    if (attached()) {
      event.preventDefault();
      show.requestSubmit();
      return;
    }
    dropEmpty(event.detail.ctx.request.body, mixes);
  });
  show.addEventListener("htmx:config:request", (event) => {
    dropEmpty(event.detail.ctx.request.body, !byId("balance").hidden);
  });

  showBusy(results);
  focusFirstOfNextPage(results);

  byId("choose").addEventListener("click", () => example.click());
  example.addEventListener("change", () => attached() && attach(example.files[0]));
  byId("detach").addEventListener("click", (event) => {
    event.preventDefault();
    detach();
  });
  takeHandedOver((files) => {
    const file = firstExample(files);
    if (file) {
      attach(file);
    }
    return Boolean(file);
  });
  listen({
    button: byId("speak"),
    told: byId("hearing"),
    on: "Listening. Press again to search, Escape to forget it.",
    onHeard: (recording) => attach(recording, { spoken: true }),
  });

  // A reloaded page keeps neither the example nor a box that says there is one.
  if (attached()) {
    example.value = "";
  }
}

/* Addresses without what was left empty can be read, kept and sent. */
function dropEmpty(body, mixes) {
  for (const name of new Set(body.keys())) {
    if (body.getAll(name).every((value) => value === "") || (name === "words" && !mixes)) {
      body.delete(name);
    }
  }
}

/* Answers that are waited for; one that another overtook is waited for no more. */
function showBusy(results) {
  const waited = new Set();
  const show = () => results.setAttribute("aria-busy", String(waited.size > 0));
  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (detail.ctx.target === results || detail.ctx.target?.id === "hits") {
      document.querySelector(".ask").classList.remove("alone");
      document.querySelector(".ask h1").classList.add("visually-hidden");
      if (byId("hearing").textContent === NO_ANSWER) {
        byId("hearing").textContent = "";
      }
      waited.add(detail.ctx);
      show();
    }
  });
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    waited.delete(detail.ctx);
    show();
  });
  document.addEventListener("htmx:error", () => {
    byId("hearing").textContent = NO_ANSWER;
  });
}

/* Who asked for more goes on where the new hits begin. */
function focusFirstOfNextPage(results) {
  let before = null;
  document.addEventListener("htmx:before:swap", ({ detail }) => {
    const hits = detail.tasks.map((task) => task.target).find((target) => target?.id === "hits");
    before = hits ? hits.children.length : null;
  });
  document.addEventListener("htmx:after:swap", () => {
    if (before !== null) {
      results.querySelector(`#hits > :nth-child(${before + 1}) h3 a`)?.focus();
      before = null;
    }
  });
}

const isExample = (file) => /^(image|audio)\//.test(file.type);

function firstExample(files) {
  const file = [...files].find(isExample);
  if (!file && files.length > 0) {
    announce("Only a picture or a recording can be searched with.");
    byId("hearing").textContent = "Only a picture or a recording can be searched with.";
  }
  return file;
}
