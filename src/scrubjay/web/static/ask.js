/* Asking: pictures, a question typed or spoken, and an answer that is shown and can be heard. */

import { takeHandedOver } from "./handed-over.js";
import { listen } from "./listening.js";
import { Pictures } from "./pictures.js";
import { Voice } from "./voice.js";

const ALOUD = "scrubjay.aloud";
const PATIENCE_MS = 15000;
const NO_ANSWER = "The server does not answer. Try again in a moment.";

const byId = (id) => document.getElementById(id);

export function startAsk() {
  const form = byId("ask");
  const spoken = byId("spoken");
  const told = byId("hearing");
  const voice = new Voice();
  const pictures = new Pictures({
    input: byId("pictures"),
    list: byId("previews"),
    most: Number(form.dataset.most),
  });
  spoken.value = "";

  rememberAloud(byId("aloud"));
  choosePictures(pictures);
  photograph(pictures, (file) => {
    pictures.clear();
    pictures.add([file]);
    ask("describe", { aloud: true });
  });
  listen({
    button: byId("speak"),
    told,
    on: "Listening. Press again to ask, Escape to forget it.",
    onHeard: (recording) => {
      const data = new DataTransfer();
      data.items.add(recording);
      spoken.files = data.files;
      ask("ask-button");
    },
  });
  for (const id of ["speak", "photograph"]) {
    byId(id).addEventListener("click", () => voice.begin());
  }

  /* One answer may be wanted aloud although others are not. */
  let once = false;
  function ask(button, { aloud = false } = {}) {
    once = aloud;
    form.requestSubmit(byId(button));
  }

  form.addEventListener("submit", () => voice.begin(), { capture: true });
  form.addEventListener("htmx:config:request", ({ detail }) => {
    const body = detail.ctx.request.body;
    if (once) {
      body.set("speak", "1");
    }
    once = false;
    // What was said is asked once.
    spoken.value = "";
  });

  showThinking(byId("answer"), told);
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    if (detail.ctx.target === byId("answer")) {
      arrived(byId("answer"), voice);
    }
  });
  arrived(byId("answer"), voice, { focus: false });
  // A press that nobody listens to yet would be lost.
  byId("speak").disabled = false;
  byId("photograph").disabled = false;
}

function arrived(answer, voice, { focus = true } = {}) {
  const place = answer.querySelector("[data-voice]");
  if (place) {
    voice.take(place);
  }
  if (focus) {
    const article = answer.querySelector("#the-answer");
    article?.focus({ preventScroll: true });
    article?.scrollIntoView({ block: "start" });
  }
}

/* Whether answers are spoken is this browser's business. */
function rememberAloud(box) {
  try {
    box.checked ||= localStorage.getItem(ALOUD) === "1";
    box.addEventListener("change", () => localStorage.setItem(ALOUD, box.checked ? "1" : "0"));
  } catch {
    // A browser that keeps nothing asks again.
  }
}

function choosePictures(pictures) {
  for (const id of ["pictures", "camera"]) {
    const input = byId(id);
    input.addEventListener("change", () => {
      const chosen = [...input.files];
      if (id === "camera") {
        input.value = "";
      }
      pictures.add(chosen);
    });
  }
  takeHandedOver((files) => pictures.add(files));
}

/* One press: the camera opens, and what it took is described aloud. */
function photograph(pictures, onPhoto) {
  const camera = document.createElement("input");
  camera.type = "file";
  camera.accept = "image/*";
  camera.setAttribute("capture", "environment");
  byId("photograph").addEventListener("click", () => camera.click());
  camera.addEventListener("change", () => {
    const [file] = camera.files;
    if (file) {
      onPhoto(file);
    }
  });
}

/* While an answer is made it is said that it is, and again to who waits long. */
function showThinking(answer, told) {
  let waits = 0;
  let began = 0;
  let again = 0;
  const rest = (words) => {
    answer.setAttribute("aria-busy", "false");
    window.clearInterval(again);
    told.textContent = words;
  };
  document.addEventListener("htmx:before:request", ({ detail }) => {
    if (detail.ctx.target !== answer) {
      return;
    }
    waits += 1;
    began = Date.now();
    answer.setAttribute("aria-busy", "true");
    told.textContent = "Thinking.";
    window.clearInterval(again);
    again = window.setInterval(() => {
      told.textContent = `Still thinking, ${Math.round((Date.now() - began) / 1000)} seconds.`;
    }, PATIENCE_MS);
  });
  document.addEventListener("htmx:finally:request", ({ detail }) => {
    if (detail.ctx.target === answer) {
      waits -= 1;
      if (waits === 0 && told.textContent !== NO_ANSWER) {
        rest("");
      }
    }
  });
  document.addEventListener("htmx:error", () => rest(NO_ANSWER));
}
