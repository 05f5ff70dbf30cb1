// What the studio shows beside a stream moves with it: goals fill, a contest's score changes, new questions are told of.

import { follow } from "./feed.js";
import { filled, number } from "./figures.js";

const named = (name, id) => document.querySelector(`[data-${name}="${CSS.escape(id)}"]`);

function goal(event) {
  const shown = named("goal", event.id);
  if (!shown) return;
  shown.querySelector("[data-progress]").textContent = number(event.progress);
  shown.querySelector("[data-reached]").hidden = Number(event.progress) < Number(event.target);
  shown.querySelector("rect").setAttribute("width", filled(event));
}

function contest(event) {
  const shown = named("contest", event.id);
  if (shown?.querySelector("[data-score]")) {
    shown.querySelector("[data-score]").textContent = number(event.score);
    shown.querySelector("[data-rival-score]").textContent = number(event.rival_score);
  }
}

// Its buttons are the server's to make: whoever is typing on this page must not lose it to a reload of ours.
function asked(event) {
  if (!named("question", event.id)) document.querySelector("[data-more-questions]").hidden = false;
}

const gone = (ids) => ids.forEach((id) => named("question", id)?.remove());

const heard = {
  "goal": goal,
  "contest": contest,
  "question.asked": asked,
  "question.answered": (event) => gone([event.id]),
  "question.hidden": (event) => gone(event.ids),
};

const page = document.querySelector("[data-feed]");
if (page) follow(page.dataset.feed, (event) => heard[event.type]?.(event));
