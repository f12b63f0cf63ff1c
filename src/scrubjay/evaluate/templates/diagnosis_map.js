(function () {
  "use strict";
  var frame = document.getElementById("map-frame");
  var map = frame.querySelector("svg");
  var told = frame.querySelector(".told");
  var things = Array.prototype.slice.call(map.querySelectorAll(".pic, .dot"));
  var pictures = Array.prototype.slice.call(map.querySelectorAll(".pic"));
  var middles = pictures.map(function (one) {
    return { x: one.x.baseVal.value + 24, y: one.y.baseVal.value + 24 };
  });
  var whole = map.viewBox.baseVal.width;
  var view = { x: 0, y: 0, side: whole };
  var at = -1;
  var dragged = null;

  function draw() {
    view.side = Math.min(whole, Math.max(whole / 40, view.side));
    view.x = Math.min(whole - view.side, Math.max(0, view.x));
    view.y = Math.min(whole - view.side, Math.max(0, view.y));
    map.setAttribute("viewBox", [view.x, view.y, view.side, view.side].join(" "));
    // Pictures grow more slowly than the map, so that those on top of each other come apart.
    var size = 48 * Math.pow(view.side / whole, 0.6);
    pictures.forEach(function (one, i) {
      one.setAttribute("x", middles[i].x - size / 2);
      one.setAttribute("y", middles[i].y - size / 2);
      one.setAttribute("width", size);
      one.setAttribute("height", size);
    });
  }
  function zoom(factor, x, y) {
    if (!factor) { view = { x: 0, y: 0, side: whole }; draw(); return; }
    var side = Math.min(whole, Math.max(whole / 40, view.side / factor));
    view.x = x - (x - view.x) * side / view.side;
    view.y = y - (y - view.y) * side / view.side;
    view.side = side;
    draw();
  }
  function place(event) {
    var box = map.getBoundingClientRect();
    return {
      x: view.x + (event.clientX - box.left) / box.width * view.side,
      y: view.y + (event.clientY - box.top) / box.height * view.side
    };
  }
  function choose(thing) {
    var before = map.querySelector(".chosen");
    if (before) { before.classList.remove("chosen"); }
    if (!thing) { return; }
    thing.classList.add("chosen");
    var title = thing.querySelector("title");
    told.textContent = title ? title.textContent : "";
  }
  function go(step) {
    if (!pictures.length) { return; }
    at = (at + step + pictures.length) % pictures.length;
    view.x = middles[at].x - view.side / 2;
    view.y = middles[at].y - view.side / 2;
    draw();
    choose(pictures[at]);
  }

  frame.querySelector(".tools").hidden = false;
  map.setAttribute("tabindex", "0");
  map.setAttribute("role", "application");
  Array.prototype.forEach.call(frame.querySelectorAll("[data-zoom]"), function (button) {
    button.addEventListener("click", function () {
      zoom(parseFloat(button.dataset.zoom), view.x + view.side / 2, view.y + view.side / 2);
    });
  });
  map.addEventListener("keydown", function (event) {
    var step = view.side / 8;
    var moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    var move = moves[event.key];
    var middle = { x: view.x + view.side / 2, y: view.y + view.side / 2 };
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    if (move) { view.x += move[0]; view.y += move[1]; draw(); }
    else if (event.key === "+" || event.key === "=") { zoom(1.5, middle.x, middle.y); }
    else if (event.key === "-") { zoom(1 / 1.5, middle.x, middle.y); }
    else if (event.key === "0") { zoom(0); }
    else if (event.key === "n") { go(1); }
    else if (event.key === "p") { go(-1); }
    else { return; }
    event.preventDefault();
  });
  map.addEventListener("wheel", function (event) {
    // The page scrolls as ever: only a focused map, or the control key, zooms.
    if (!event.ctrlKey && document.activeElement !== map) { return; }
    event.preventDefault();
    var here = place(event);
    zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, here.x, here.y);
  }, { passive: false });
  map.addEventListener("pointerdown", function (event) {
    dragged = { x: event.clientX, y: event.clientY, left: view.x, top: view.y };
  });
  window.addEventListener("pointermove", function (event) {
    if (!dragged) { return; }
    var scale = view.side / map.getBoundingClientRect().width;
    view.x = dragged.left - (event.clientX - dragged.x) * scale;
    view.y = dragged.top - (event.clientY - dragged.y) * scale;
    draw();
  });
  window.addEventListener("pointerup", function () { dragged = null; });
  map.addEventListener("pointerover", function (event) {
    if (things.indexOf(event.target) >= 0) { choose(event.target); }
  });
}());
