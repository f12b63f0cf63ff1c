/* A microphone's button: pressed it listens, pressed again it hands over; Escape forgets it. */

import { Microphone } from "./microphone.js";

/* `told` says what goes on, `on` is what it says while listening. */
export function listen({ button, told, on, onHeard }) {
  const microphone = new Microphone({
    onLoudness: (share) => button.style.setProperty("--loudness", share.toFixed(2)),
    onFull: () => press(),
  });
  let changing = false;

  function rest(words) {
    button.setAttribute("aria-pressed", "false");
    button.style.removeProperty("--loudness");
    told.textContent = words;
  }

  async function begin() {
    told.textContent = "Waiting for the microphone.";
    try {
      await microphone.start();
    } catch (error) {
      rest(whyNot(error));
      return;
    }
    button.setAttribute("aria-pressed", "true");
    told.textContent = on;
  }

  async function stop() {
    const recording = await microphone.stop();
    rest("");
    if (recording) {
      onHeard(recording);
    } else {
      told.textContent = "Nothing was heard. Press the microphone and speak.";
    }
  }

  /* A press while the microphone is being opened or closed means nothing more. */
  async function press() {
    if (changing) {
      return;
    }
    changing = true;
    try {
      await (microphone.on ? stop() : begin());
    } finally {
      changing = false;
    }
  }

  button.addEventListener("click", press);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && microphone.on && !changing) {
      microphone.cancel();
      rest("Forgotten.");
      button.focus();
    }
  });
}

function whyNot(error) {
  if (!window.isSecureContext || !navigator.mediaDevices) {
    return "Browsers give the microphone only to pages over HTTPS or on this machine.";
  }
  if (error.name === "NotAllowedError") {
    return "The browser may not use the microphone. Allow it in the address bar, then press again.";
  }
  if (error.name === "NotFoundError") {
    return "No microphone was found.";
  }
  return "The microphone cannot be used.";
}
