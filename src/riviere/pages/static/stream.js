// The stream's page, live: what lands is shown the moment it is durable, loudest first in its own time.

import { boards, questions } from "./beside.js";
import { element } from "./element.js";
import { follow } from "./feed.js";
import { reporting, reports } from "./report.js";
import { localise } from "./site.js";
import { tray } from "./tray.js";

const LINES = 40;
const SEEN_MS = 4000;
const STAGE_MS = 3500;
const FLYING = 3;
const OLD_MS = 10000;
const SOMEBODY = "Somebody";

const stage = document.querySelector(".stage");
const landed = document.querySelector("[data-landed]");
const empty = document.querySelector("[data-empty]");
const spotlight = document.querySelector(".spotlight");
const flying = document.querySelector(".flying");
const opened = Date.now();
const lines = new Map();
const flights = new Map();
const said = new Map();
const queue = [];
let onStage = null;

function tier(each) {
  return each >= 1000 ? "stage" : each >= 100 ? "facets" : each >= 10 ? "spray" : "glint";
}

function art(event, size) {
  const picture = element("img");
  const each = Math.max(1, Math.round(event.coins / event.count));
  picture.src = `/art/${size}/${each}/${encodeURIComponent(event.gift)}.svg`;
  picture.alt = "";
  picture.width = picture.height = Math.min(size, 40);
  return picture;
}

/** One line for a gift; a combo has one line that grows. */
function line(event, count, note) {
  empty.hidden = true;
  let row = lines.get(event.id);
  if (!row) {
    row = element("li");
    row.append(art(event, 24), element("span"));
    row.firstChild.width = row.firstChild.height = 24;
    lines.set(event.id, row);
    landed.prepend(row);
    while (landed.children.length > LINES) {
      for (const [id, old] of lines) if (old === landed.lastChild) lines.delete(id);
      landed.lastChild.remove();
    }
  }
  const words = row.querySelector("span");
  words.replaceChildren(element("b", event.sender ?? SOMEBODY), ` ${event.name}${count > 1 ? ` ×${count}` : ""} `);
  if (note) words.append(element("small", note));
  if (event.words) said.set(event.id, event.words);
  if (said.has(event.id)) words.append(" ", quoted(said.get(event.id), reporting));
}

/** Words beside a gift, under their own name, so that they can be taken away; `more` is what is beside them. */
function quoted(words, more = () => []) {
  const made = element("span");
  made.dataset.words = words.id;
  made.append(element("q", words.text), ...more(words.id, words.text));
  return made;
}

/** Something small crosses the corner; a combo that grows stays where it is. */
function fly(event, count, kind) {
  let flight = flights.get(event.id);
  if (!flight) {
    const row = element("li", undefined, kind);
    row.append(art(event, 40), element("span", `${event.sender ?? SOMEBODY} sent ${event.name}`), element("b", "", "times"));
    flying.append(row);
    while (flying.children.length > FLYING) flying.firstChild.remove();
    flight = { row };
    flights.set(event.id, flight);
  }
  const times = flight.row.querySelector(".times");
  times.textContent = count > 1 ? `×${count}` : "";
  times.classList.remove("grew");
  void times.offsetWidth;
  times.classList.add("grew");
  clearTimeout(flight.timer);
  flight.timer = setTimeout(() => {
    flight.row.remove();
    flights.delete(event.id);
  }, SEEN_MS);
}

/** The largest take the stage one after the other, and whoever waits is not forgotten. */
function takeStage(event, count, whole) {
  const waiting = [onStage, ...queue].find((one) => one && one.event.id === event.id);
  if (waiting) {
    waiting.count = count;
    if (waiting === onStage) show(waiting);
    return;
  }
  queue.push({ event, count, whole });
  if (!onStage) next();
}

function next() {
  onStage = queue.shift() ?? null;
  if (!onStage) {
    spotlight.hidden = true;
    return;
  }
  show(onStage);
  setTimeout(next, queue.length > 5 ? STAGE_MS / 3 : STAGE_MS);
}

function show({ event, count, whole }) {
  spotlight.className = whole ? "spotlight stage-tier" : "spotlight";
  spotlight.replaceChildren(art(event, 160), element("p", `${event.sender ?? SOMEBODY} sent ${event.name}`));
  if (event.words) spotlight.append(quoted(event.words));
  if (count > 1) spotlight.append(element("p", `×${count}`, "times grew"));
  spotlight.hidden = false;
}

function burst(event, count) {
  if (Date.parse(event.at) < opened - OLD_MS) return;
  const kind = tier(event.coins / event.count);
  if (kind === "stage" || kind === "facets") takeStage(event, count, kind === "stage");
  else fly(event, count, kind);
  if (kind === "facets" || kind === "stage") flash(kind);
}

function flash() {
  for (const part of [stage, document.querySelector(".tray")]) {
    part?.classList.remove("facets");
    void part?.offsetWidth;
    part?.classList.add("facets");
  }
}

/** Words that somebody has approved by now go to the gift that they were sent with. */
function shown(event) {
  said.set(event.gift, event.words);
  const words = lines.get(event.gift)?.querySelector("span");
  if (words && !words.querySelector("q")) words.append(" ", quoted(event.words, reporting));
}

function withheld(event) {
  for (const id of event.ids) {
    for (const words of document.querySelectorAll(`[data-words="${CSS.escape(id)}"]`)) words.remove();
    for (const [gift, words] of said) if (words.id === id) said.delete(gift);
  }
}

const hears = {
  "gift": (event) => { line(event, event.count); burst(event, event.count); },
  "combo.grew": (event) => { line(event, event.upto, "growing"); burst(event, event.upto); },
  "combo.finished": (event) => line(event, event.count),
  "words.shown": shown,
  "words.withheld": withheld,
  "stream.ended": (event) => { if (Date.parse(event.at) > opened - OLD_MS) location.reload(); },
  ...boards(),
};

tray(document.querySelector("[data-tray]"));
questions();
reports();
follow(
  stage.dataset.feed,
  (event) => hears[event.type]?.(event),
  (connected) => (document.querySelector("[data-lost]").hidden = connected),
);
localise(document);
