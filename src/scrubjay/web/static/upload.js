/* Files one by one, each with its own progress, so that one which fails keeps none of the others. */

import { announce } from "./announce.js";

export function startUpload() {
  const form = document.getElementById("upload");
  const files = document.getElementById("files");
  const list = document.getElementById("uploads");
  const told = document.getElementById("queue-told");
  const button = form.querySelector("button[type=submit]");

  takeDropped(document.getElementById("drop-zone"), files);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const chosen = [...files.files];
    document.getElementById("queue").hidden = false;
    list.replaceChildren();
    const rows = chosen.map((file) => row(list, file));
    button.disabled = true;
    let done = 0;
    for (const [at, file] of chosen.entries()) {
      told.textContent = `${at + 1} of ${chosen.length}`;
      const arrived = await send(form, file, rows[at]);
      done += arrived ? 1 : 0;
    }
    button.disabled = false;
    files.value = "";
    const words = `${done} of ${chosen.length} ${chosen.length === 1 ? "file" : "files"} arrived.`;
    told.textContent = words;
    announce(words);
  });
}

function row(list, file) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.className = "file";
  name.textContent = file.name;
  const badge = document.createElement("span");
  badge.className = "badge";
  badge.textContent = "waiting";
  const bar = document.createElement("progress");
  bar.max = file.size || 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `Upload of ${file.name}`);
  item.append(name, badge, bar);
  list.append(item);
  return item;
}

function send(form, file, item) {
  const badge = item.querySelector(".badge");
  const bar = item.querySelector("progress");
  const most = Number(form.dataset.most);
  if (most && file.size > most) {
    refuse(item, "It is larger than this server takes. Put it in a folder, and scrubjay add FOLDER.");
    return Promise.resolve(false);
  }
  const data = new FormData(form);
  data.delete("files");
  data.append("files", file, file.name);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", ({ loaded }) => {
      bar.value = Math.min(loaded, bar.max);
      badge.textContent = loaded < bar.max ? "uploading" : "taking it in";
      if (loaded >= bar.max) {
        bar.removeAttribute("value");
      }
    });
    request.addEventListener("load", () => {
      const answer = new DOMParser().parseFromString(request.responseText, "text/html");
      const outcome = answer.querySelector("li");
      if (outcome) {
        item.replaceWith(document.adoptNode(outcome));
        window.htmx.process(outcome);
        resolve(outcome.querySelector(".badge.bad") === null);
      } else {
        refuse(item, problemOf(request));
        resolve(false);
      }
    });
    request.addEventListener("error", () => {
      refuse(item, "The server does not answer. Try again in a moment.");
      resolve(false);
    });
    request.open("POST", form.action);
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("HX-Request-Type", "partial");
    request.send(data);
  });
}

/* A refusal that never reached the page is the service's own, in JSON. */
function problemOf(request) {
  try {
    return JSON.parse(request.responseText).error.message;
  } catch {
    return "The server did not take it. Try again in a moment.";
  }
}

function refuse(item, words) {
  item.querySelector("progress")?.remove();
  const badge = item.querySelector(".badge");
  badge.className = "badge bad";
  badge.textContent = "not taken";
  const why = document.createElement("span");
  why.className = "why soft small";
  why.textContent = words;
  item.append(why);
}

function takeDropped(zone, files) {
  const over = (shown) => zone.classList.toggle("over", shown);
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  zone.addEventListener("dragleave", () => over(false));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    files.files = event.dataTransfer.files;
    files.dispatchEvent(new Event("change", { bubbles: true }));
  });
}
