// An overlay's page: reads what it is, follows the creator's feed, and hands on what is heard to its widget.

import { alerts } from "./overlay_alerts.js";
import { goal, supporters } from "./overlay_boards.js";
import { combos } from "./overlay_combos.js";
import { custom } from "./overlay_custom.js";
import { follow } from "./overlay_feed.js";

const settings = JSON.parse(document.getElementById("settings").textContent);
const root = document.querySelector("main");
const here = document.body.dataset.here;

/** The address holds no more: nothing of it stays on the picture. */
function gone() {
  document.body.replaceChildren();
  document.title = "This overlay was revoked or has another address";
}

const hear = {
  alerts: () => alerts(root, settings, here, gone),
  combos: () => combos(root, settings),
  goal: () => goal(root, settings),
  supporters: () => supporters(root, settings),
  custom: () => custom(document.querySelector("iframe"), settings, here, gone),
}[settings.widget]();

follow(
  here,
  settings.after,
  (position, events) => {
    const changed = events.some((event) => event.type === "overlay.changed" && Date.parse(event.at) > Date.parse(settings.changed));
    if (changed) location.reload();
    else hear(position, events);
  },
  gone,
);
