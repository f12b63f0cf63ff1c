/* What every page runs. Everything here adds to pages that work without it. */

import { announceSwaps } from "./announce.js";
import { switchSize } from "./bigger.js";
import { openDialogs } from "./dialogs.js";

announceSwaps();
switchSize();
openDialogs();

for (const form of document.querySelectorAll("[data-submit-on-change]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

if (document.getElementById("search")) {
  const { startSearch } = await import("./query.js");
  startSearch();
}

if (document.getElementById("upload")) {
  const { startUpload } = await import("./upload.js");
  startUpload();
}

if (document.getElementById("ask")) {
  const { startAsk } = await import("./ask.js");
  startAsk();
}

if (document.getElementById("player")) {
  const { startFilm } = await import("./film.js");
  startFilm();
}
