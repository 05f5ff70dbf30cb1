// Combos as they grow, each in its place: the largest on top, and how many more there are.

import { art, each, element, number, sender } from "./overlay_looks.js";

const SEEN = 5;
// A combo that took no step for so long is over, whether or not somebody said so.
const QUIET_MS = 15000;

export function combos(root, settings) {
  const running = new Map();
  // This machine's clock may be another than the server's.
  const ahead = Date.now() - Date.parse(settings.now);
  const list = root.appendChild(element("ol", undefined, "rows"));
  const more = root.appendChild(element("p", undefined, "more"));

  function hear(_, events) {
    for (const event of events) {
      if (event.type === "combo.grew") step(event, event.upto, QUIET_MS);
      else if (event.type === "combo.finished") step(event, event.count, settings.seconds * 1000, true);
      else if (event.type === "alert.test") step(event, 17, settings.seconds * 1000, true);
    }
    order();
  }

  function step(event, count, stays, over = false) {
    if (Date.now() - ahead - Date.parse(event.at) > QUIET_MS) return;
    const of = `${event.id}/${event.sender}`;
    const row = running.get(of)?.row ?? element("li");
    row.replaceChildren(art(event, 40), element("b", sender(event)), element("span", event.name), element("strong", `×${number.format(count)}`));
    if (event.type === "alert.test") row.append(element("span", "test", "test"));
    row.classList.toggle("over", over);
    clearTimeout(running.get(of)?.timer);
    const timer = setTimeout(() => {
      running.delete(of);
      order();
    }, stays);
    running.set(of, { row, coins: each(event) * count, timer });
  }

  function order() {
    const sorted = [...running.values()].sort((one, other) => other.coins - one.coins);
    list.replaceChildren(...sorted.slice(0, SEEN).map((one) => one.row));
    more.textContent = sorted.length > SEEN ? `and ${sorted.length - SEEN} more` : "";
  }

  return hear;
}
