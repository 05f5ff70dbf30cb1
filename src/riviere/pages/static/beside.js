// What lies beside the picture, live: goals, supporters, a contest, questions.

import { element } from "./element.js";
import { filled, number } from "./figures.js";
import { reporting } from "./report.js";
import { send } from "./send.js";
import { localise } from "./site.js";

function goal(event) {
  const all = document.querySelector("[data-goals]");
  let shown = all.querySelector(`[data-goal="${CSS.escape(event.id)}"]`);
  if (event.state === "closed") return void shown?.remove();
  if (!shown) {
    shown = document.querySelector("[data-goal-shape]").content.firstElementChild.cloneNode(true);
    shown.dataset.goal = event.id;
    all.append(shown);
  }
  const reached = Number(event.progress) >= Number(event.target) ? " · reached" : "";
  shown.querySelector("p").textContent = `${event.title} · ${number(event.progress)} of ${number(event.target)} ${event.gift ?? "diamonds"}${reached}`;
  shown.querySelector("rect").setAttribute("width", filled(event));
  shown.querySelector("svg").setAttribute("aria-label", event.title);
}

function leaderboard(event) {
  const card = document.querySelector("[data-supporters]");
  const rows = event.top.map((one) => {
    const row = element("li");
    const amount = element("b", undefined, "number");
    amount.append(element("span", number(one.diamonds), "amount"));
    row.append(element("span", String(one.rank), "number"), element("span", one.supporter), amount);
    return row;
  });
  card.querySelector("ol").replaceChildren(...rows);
  card.hidden = rows.length === 0;
}

function contest(event) {
  if (event.state === "invited") return;
  const card = document.querySelector("[data-contest]");
  const put = (name, text) => (card.querySelector(`[data-${name}]`).textContent = text);
  put("title", event.title);
  put("creator", event.creator);
  put("rival", event.rival);
  put("score", number(event.score));
  put("rival-score", number(event.rival_score));
  const until = document.createElement("time");
  until.dateTime = event.ends_at;
  until.textContent = event.ends_at;
  const over = event.winner ? `over: ${event.winner} won` : "over: a draw";
  card.querySelector("[data-until]").replaceChildren(event.state === "over" ? over : until);
  localise(card);
  card.hidden = false;
}

function asked(event) {
  const list = document.querySelector("[data-questions]");
  if (!list || list.querySelector(`[data-question="${CSS.escape(event.id)}"]`)) return;
  const row = element("li", undefined, "row middle");
  row.dataset.question = event.id;
  const words = element("span");
  words.append(element("b", event.asker), ` ${event.text}`, ...reporting(event.id, event.text));
  row.append(words);
  list.append(row);
  empty(list);
}

function gone(ids) {
  const list = document.querySelector("[data-questions]");
  for (const id of ids) list?.querySelector(`[data-question="${CSS.escape(id)}"]`)?.remove();
  if (list) empty(list);
}

const empty = (list) => (document.querySelector("[data-no-questions]").hidden = list.children.length > 0);

/** What is heard of, by the type of the event. */
export function boards() {
  return {
    "goal": goal,
    "leaderboard": leaderboard,
    "contest": contest,
    "question.asked": asked,
    "question.answered": (event) => gone([event.id]),
    "question.hidden": (event) => gone(event.ids),
  };
}

/** Asking and joining in without leaving the page. */
export function questions() {
  document.querySelector("[data-ask]")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const wrong = form.querySelector(".wrong");
    const answer = await send(form);
    wrong.textContent = answer.ok ? (answer.said.standing === "held" ? "It shows once somebody has looked at it." : "") : answer.said.detail;
    if (answer.ok) {
      form.elements.text.value = "";
      form.elements.key.value = crypto.randomUUID?.() ?? `${form.elements.key.value}+`;
    }
  });
  for (const form of document.querySelectorAll("[data-voice]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = await send(form);
      if (answer.ok) form.querySelector("[data-voices]").textContent = answer.said.voices;
    });
  }
}
