// Reporting what somebody wrote, without leaving the page. Without this file its links lead to a page that asks the same.

import { element } from "./element.js";
import { send } from "./send.js";

const dialog = document.getElementById("report");
const done = new Set();

/** What to put beside words so that they can be reported; nothing where the visitor cannot. */
export function reporting(id, text) {
  if (!dialog) return [];
  const link = element("a", "report", "report");
  link.href = `${dialog.dataset.written}${encodeURIComponent(id)}/report?back=${encodeURIComponent(location.pathname)}`;
  link.setAttribute("aria-label", `Report: ${text}`);
  link.dataset.report = text;
  if (done.has(link.pathname)) settle(link);
  return [" ", link];
}

/** What was reported is not asked about again. */
function settle(link) {
  link.removeAttribute("href");
  link.removeAttribute("aria-label");
  link.textContent = "reported";
}

/** Has these links, those of the page and those that come later, ask in a dialog. */
export function reports() {
  if (!dialog) return;
  const form = dialog.querySelector("form");
  const said = dialog.querySelector("#reason-said");
  const reason = form.elements.reason;
  const wrong = element("p", "", "wrong");
  wrong.setAttribute("role", "alert");
  said.prepend(wrong);
  let asked = null;

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-report][href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    asked = link;
    form.action = link.pathname;
    reason.value = "";
    reason.removeAttribute("aria-invalid");
    wrong.textContent = "";
    dialog.querySelector("q").textContent = link.dataset.report;
    dialog.showModal();
  });

  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const link = asked;
    const answer = await send(form);
    if (!answer.ok) {
      wrong.textContent = answer.said.detail;
      reason.setAttribute("aria-invalid", "true");
      reason.focus();
      return;
    }
    dialog.close();
    done.add(link.pathname);
    settle(link);
    link.tabIndex = -1;
    link.focus();
  });
}
