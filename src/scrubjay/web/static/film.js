/* The page of a video: its moments play it from where they are, without leaving the page. */

import { announce } from "./announce.js";

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

export function startFilm() {
  const player = document.getElementById("player");
  let until = null;

  /* A moment is played to its end, and then waits; who goes on, or elsewhere, plays on. */
  function goTo(from, to) {
    if (player.getAttribute("src") !== player.dataset.media) {
      // Of a part named in its address a browser keeps the end, wherever one jumps to.
      player.src = player.dataset.media;
    }
    until = to;
    player.currentTime = from;
  }

  player.addEventListener("timeupdate", () => {
    if (until !== null && player.currentTime >= until) {
      until = null;
      player.pause();
    }
  });
  player.addEventListener("seeked", () => {
    if (until !== null && player.currentTime > until) {
      until = null;
    }
  });
  sayWhenItCannotBePlayed(player);

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-from]");
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !plain || event.button !== 0 || player.error) {
      return;
    }
    event.preventDefault();
    goTo(Number(link.dataset.from), Number(link.dataset.to));
    for (const one of document.querySelectorAll("a[data-from][aria-current]")) {
      one.removeAttribute("aria-current");
    }
    link.setAttribute("aria-current", "true");
    window.history.replaceState(null, "", link.href);
    player.focus({ preventScroll: true });
    player.scrollIntoView({ block: "nearest", behavior: still.matches ? "auto" : "smooth" });
    const when = link.querySelector(".when").textContent.replace("Play", "").trim();
    if (still.matches) {
      announce(`At ${when}. Press play.`);
    } else {
      player.play().catch(() => {});
      announce(`Playing ${when}.`);
    }
  });

  // The button that brought other moments is gone with the old ones.
  document.addEventListener("htmx:after:swap", () => {
    if (document.activeElement === document.body) {
      document.getElementById("moments-title")?.focus();
    }
  });
}

function sayWhenItCannotBePlayed(player) {
  const told = document.getElementById("not-played");
  const tell = () => {
    if (told.hidden) {
      told.hidden = false;
      announce("This browser cannot play this video.");
    }
  };
  player.addEventListener("error", tell);
  // Only its sound is understood.
  player.addEventListener("loadedmetadata", () => player.videoWidth === 0 && tell());
  if (player.error) {
    tell();
  }
}
