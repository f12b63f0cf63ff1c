/* The pictures a question is about: chosen, photographed, dropped or pasted; each can be removed. */

import { announce } from "./announce.js";
import { preview } from "./preview.js";

const isPicture = (file) => file.type.startsWith("image/");

export class Pictures {
  #files = [];
  #input;
  #list;
  #most;

  constructor({ input, list, most }) {
    this.#input = input;
    this.#list = list;
    this.#most = most;
    // A reloaded page keeps neither the files nor their previews.
    input.value = "";
    list.addEventListener("click", (event) => this.#onRemove(event));
  }

  /* Adds what is a picture; says whether anything was. */
  add(files) {
    const pictures = [...files].filter(isPicture);
    const room = this.#most - this.#list.children.length;
    for (const file of pictures.slice(0, room)) {
      this.#files.push(file);
      this.#list.append(this.#row(file));
    }
    this.#hand();
    announce(this.#told(pictures.length, files.length, room));
    return pictures.length > 0 && room > 0;
  }

  clear() {
    this.#files = [];
    this.#list.replaceChildren();
    this.#hand();
  }

  #told(pictures, files, room) {
    const all = this.#list.children.length;
    const now = `${all} ${all === 1 ? "picture" : "pictures"} to ask about.`;
    if (pictures > room) {
      return `No more than ${this.#most} pictures at once. ${now}`;
    }
    return pictures < files ? `Only pictures can be asked about. ${now}` : now;
  }

  #hand() {
    const data = new DataTransfer();
    for (const file of this.#files) {
      data.items.add(file);
    }
    this.#input.files = data.files;
  }

  #row(file) {
    const row = document.createElement("li");
    const canvas = document.createElement("canvas");
    canvas.width = 144;
    canvas.height = 144;
    canvas.setAttribute("aria-hidden", "true");
    const name = document.createElement("span");
    name.className = "name";
    name.dir = "auto";
    name.textContent = file.name;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "button";
    remove.dataset.remove = "";
    remove.textContent = "Remove";
    const which = document.createElement("span");
    which.className = "visually-hidden";
    which.textContent = ` ${file.name}`;
    remove.append(which);
    row.append(canvas, name, remove);
    row.file = file;
    preview(file, canvas);
    return row;
  }

  #onRemove(event) {
    const remove = event.target.closest("[data-remove]");
    if (!remove) {
      return;
    }
    event.preventDefault();
    const row = remove.closest("li");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    this.#files = this.#files.filter((one) => one !== row.file);
    row.remove();
    this.#hand();
    announce(this.#told(0, 0, this.#most));
    (next?.querySelector("[data-remove]") ?? this.#input).focus();
  }
}
