/* The answer's sound: one player for all answers.

   Browsers let a page play by itself only what somebody began. So the player is begun, with a
   moment of silence, by the press that asks; the answer that comes later goes through the same
   player. Where that is refused all the same, the answer is announced instead of spoken. */

import { announce } from "./announce.js";
import { wavFile } from "./wav.js";

const RATE = 8000;
const STILL_S = 0.05;

export class Voice {
  #player = new Audio();
  #begun = false;

  constructor() {
    this.#player.controls = true;
    this.#player.preload = "none";
  }

  /* To be called while a press is handled. */
  begin() {
    if (this.#begun) {
      this.#player.pause();
      return;
    }
    this.#begun = true;
    const still = wavFile([new Float32Array(STILL_S * RATE)], RATE, "still.wav");
    const address = URL.createObjectURL(still);
    this.#player.src = address;
    this.#player.play().catch(() => {}).finally(() => URL.revokeObjectURL(address));
  }

  /* Takes the place of the player in an answer, and speaks where that is wanted. */
  take(place) {
    const shown = place.querySelector("audio");
    const button = place.querySelector("[data-play]");
    const player = this.#player;
    player.setAttribute("aria-label", shown.getAttribute("aria-label"));
    player.src = shown.getAttribute("src");
    shown.replaceWith(player);

    const named = button.querySelector("span");
    const tell = () => {
      named.textContent = player.paused ? "Play the answer" : "Pause";
    };
    player.onplay = tell;
    player.onpause = tell;
    player.onended = tell;
    player.onerror = () => sayWhyNot(place, player.src);
    button.addEventListener("click", () => (player.paused ? this.#play() : player.pause()));
    if (place.dataset.speaks !== undefined) {
      this.#play().catch(() => announce(place.dataset.speaks));
    }
  }

  #play() {
    return this.#player.play();
  }
}

/* The player does not know why it has nothing to play; the server does. */
async function sayWhyNot(place, address) {
  let words = "The answer cannot be spoken: the server does not answer.";
  try {
    const answer = await fetch(address);
    if (answer.ok) {
      return;
    }
    words = `The answer cannot be spoken: ${(await answer.json()).error.message}.`;
  } catch {
    // The words say it.
  }
  const told = document.createElement("p");
  told.className = "note warning";
  told.textContent = words;
  place.append(told);
  announce(words);
}
