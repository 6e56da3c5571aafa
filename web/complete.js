// Ways to go on while typing: a list over the box, worked with the arrow keys, Tab and the mouse.

import { completions } from "./ask.js";
import { el } from "./element.js";

/** Milliseconds of rest after a key before the server is asked. */
const REST = 70;

/** Binds the list to the box; `conversation` gives the id of the thread, `changed` is called when a way is taken. */
export function startCompletion(box, list, { conversation, changed }) {
  let ways = [];
  let chosen = -1;
  let waiting = 0;
  let asked = null;

  const hide = () => {
    clearTimeout(waiting);
    asked?.abort();
    ways = [];
    chosen = -1;
    list.hidden = true;
    list.replaceChildren();
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };

  const mark = (next) => {
    chosen = next;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === chosen)));
    if (chosen < 0) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", list.children[chosen].id);
  };

  const take = (way) => {
    hide();
    box.value = `${way.text} `;
    box.setSelectionRange(box.value.length, box.value.length);
    changed();
    box.focus();
    look();
  };

  const show = (found) => {
    ways = found;
    if (!ways.length) return hide();
    list.replaceChildren(...ways.map((way, i) => {
      const kept = way.text.slice(0, way.text.length - way.added.length);
      return el("li", { role: "option", id: `way-${i}`, "aria-selected": "false",
        // Before the box loses the focus.
        onpointerdown: (event) => { event.preventDefault(); take(way); } },
      el("span", { class: "kept" }, kept), el("b", {}, way.added));
    }));
    list.hidden = false;
    box.setAttribute("aria-expanded", "true");
    mark(-1);
  };

  const look = () => {
    clearTimeout(waiting);
    const atEnd = box.selectionStart === box.value.length;
    if (box.value.trim() === "" || !atEnd || box.value.includes("\n")) return hide();
    waiting = setTimeout(async () => {
      asked?.abort();
      asked = new AbortController();
      const typed = box.value;
      try {
        const found = await completions(typed, conversation(), asked.signal);
        if (box.value === typed && document.activeElement === box) show(found);
      } catch {
        // Completion is a help; without it the box works on.
        hide();
      }
    }, REST);
  };

  box.addEventListener("input", look);
  box.addEventListener("blur", hide);
  // Before the box's own keys: a list that is open takes the arrows, Tab and Escape.
  box.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      event.stopImmediatePropagation();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const places = ways.length + 1;
      mark(((chosen + 1 + step + places) % places) - 1);
    } else if (event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      take(ways[Math.max(chosen, 0)]);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      event.stopImmediatePropagation();
      take(ways[chosen]);
    } else if (event.key === "Escape") {
      event.stopImmediatePropagation();
      hide();
    } else if (event.key === "Enter") {
      hide();
    }
  }, true);
  return { hide };
}
