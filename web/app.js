// The page: one thread of questions and answers over the data that the server has open.

import { alive, ask, source, Unreachable } from "./ask.js";
import { startCompletion } from "./complete.js";
import { el, icon } from "./element.js";
import { startTheme } from "./theme.js";
import { counted, dayOf } from "./values.js";
import { Turn } from "./turn.js";

const at = (id) => document.getElementById(id);
const hero = at("hero");
const thread = at("thread");
const box = at("question");
const send = at("send");
const again = at("again");
let conversation = crypto.randomUUID();
let running = null;
let last = "";

startTheme(at("theme"));
const ways = startCompletion(box, at("ways"), { conversation: () => conversation, changed: () => fit() });

function say(text) {
  at("status").textContent = text;
}

async function put(question) {
  const text = question.trim();
  if (!text || running) return;
  last = text;
  hero.hidden = true;
  again.hidden = false;
  document.body.classList.add("asked-once");
  const turn = new Turn(text, { say, next: put, again: () => put(text) });
  thread.append(turn.element);
  turn.element.scrollIntoView({ block: "start" });
  const abort = new AbortController();
  running = abort;
  busy(true);
  say("Working on it");
  try {
    await ask(text, conversation, abort.signal, (name, data) => turn.event(name, data));
  } catch (error) {
    if (abort.signal.aborted) turn.stopped();
    else turn.broke(error);
    if (error instanceof Unreachable) watch();
  } finally {
    // A new thread may have begun meanwhile.
    if (running === abort) {
      running = null;
      busy(false);
    }
  }
}

function busy(on) {
  document.body.classList.toggle("asking", on);
  send.setAttribute("aria-label", on ? "Stop" : "Ask");
}

function fit() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, 168)}px`;
  send.disabled = !running && box.value.trim() === "";
}

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) {
    running.abort();
    return;
  }
  const text = box.value;
  ways.hide();
  box.value = "";
  fit();
  put(text);
});

box.addEventListener("input", fit);
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (!running) at("form").requestSubmit();
  } else if (event.key === "ArrowUp" && box.value === "" && last) {
    event.preventDefault();
    box.value = last;
    fit();
  }
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("textarea, input");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    box.focus();
  } else if (/^[1-9]$/.test(event.key)) {
    // The options of the question back, while it is the last turn.
    thread.lastElementChild?.querySelector(`[data-option="${event.key}"]`)?.click();
  }
});

again.addEventListener("click", () => {
  running?.abort();
  running = null;
  busy(false);
  conversation = crypto.randomUUID();
  thread.replaceChildren();
  hero.hidden = false;
  again.hidden = true;
  document.body.classList.remove("asked-once");
  box.focus();
});

let watching = false;
async function watch() {
  if (watching) return;
  watching = true;
  at("offline").hidden = false;
  while (!(await alive())) await new Promise((done) => setTimeout(done, 2000));
  at("offline").hidden = true;
  watching = false;
  if (!at("source").textContent) start();
}

async function start() {
  try {
    const about = await source();
    const rows = about.tables.reduce((sum, t) => sum + (t.rows ?? 0), 0);
    const pill = at("source");
    pill.textContent = about.name;
    pill.title = about.tables.map((t) => `${t.name}: ${counted(t.rows ?? 0, "row")}`).join("\n");
    pill.hidden = false;
    const span = about.span?.first && about.span?.last ? `, ${dayOf(about.span.first)} to ${dayOf(about.span.last)}` : "";
    at("about").textContent = `${counted(about.tables.length, "table")}, ${counted(rows, "row")}${span}. Every number in an answer is traced to the cell it comes from.`;
    at("examples").replaceChildren(...about.examples.map((q) =>
      el("button", { type: "button", class: "example", onclick: () => put(q) }, el("span", {}, q.charAt(0).toUpperCase() + q.slice(1)), icon("arrow"))));
    const asked = new URLSearchParams(location.search).get("q") ?? about.opening;
    if (asked && !thread.childElementCount) put(asked);
  } catch (error) {
    if (error instanceof Unreachable) watch();
    else console.error(error);
  }
}

fit();
start();
if (matchMedia("(hover: hover)").matches) box.focus();
