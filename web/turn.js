// One turn of the thread: a question and what became of it. Grows with the events of the stream and
// takes its final form from the whole document.

import { Refused, Unreachable } from "./ask.js";
import { chart } from "./chart.js";
import { copy, el, icon } from "./element.js";
import { Exhibits, proven } from "./evidence.js";
import { narrative } from "./narrative.js";
import { highlighted } from "./sql.js";
import { table } from "./table.js";
import { counted, duration, writer } from "./values.js";

const STAGES = {
  start: "Reading the question",
  understanding: "Writing SQL",
  sql: "Running it",
  rows: "Checking every number",
};
const ASSUMPTIONS_SHOWN = 3;

export class Turn {
  /** `say` puts a text before screen readers, `next` asks another question, `again` asks this one again. */
  constructor(question, { say, next, again }) {
    this.question = question;
    this.handlers = { say, next, again };
    this.heading = el("h2", { class: "asked" }, question);
    this.stage = el("span", {}, STAGES.start);
    this.progress = el("p", { class: "progress" }, el("i", { class: "spinner" }), this.stage);
    this.reading = el("p", { class: "reading", hidden: true });
    this.text = el("div", { class: "narrative" });
    this.body = el("div", { class: "body" }, el("div", { class: "ghost" }, el("i"), el("i"), el("i")));
    this.card = el("div", { class: "card busy" }, this.reading, this.text, this.body, this.progress);
    this.element = el("article", { class: "turn", "aria-label": question }, this.heading, this.card);
  }

  event(name, data) {
    switch (name) {
      case "understanding":
        this.read(data.restatement);
        break;
      case "rows":
        if (!this.early && data.table.row_count > 1) {
          this.early = table(data.table, {});
          this.body.replaceChildren(this.early.element);
        }
        break;
      case "sentence":
        if (!this.text.firstChild) this.text.append(el("p", { class: "headline" }));
        else if (!this.text.children[1]) this.text.append(el("p", { class: "rest" }));
        this.text.lastChild.append(data);
        break;
      case "done":
        this.finish(data);
        return;
      default:
    }
    if (STAGES[name]) this.stage.textContent = STAGES[name];
  }

  read(restatement) {
    if (!restatement) return;
    this.reading.hidden = false;
    this.reading.replaceChildren(icon("eye"), el("span", { class: "reading-label" }, "Read as"), el("span", {}, restatement));
  }

  settle(...content) {
    this.card.classList.remove("busy");
    this.card.replaceChildren(...content.flat().filter(Boolean));
  }

  finish(answer) {
    this.document = answer;
    const { say } = this.handlers;
    if (answer.status === "answered") {
      this.answered(answer);
      say(`Answer: ${answer.narrative?.text ?? ""}`);
    } else if (answer.status === "clarify") {
      this.clarify(answer.clarification);
      say(answer.clarification.question);
    } else {
      this.declined(answer);
      say(answer.error?.message ?? "There is no answer.");
    }
  }

  answered(answer) {
    const exhibits = new Exhibits();
    const shown = tables(answer, exhibits);
    this.read(answer.restatement);
    const plot = answer.chart && chart(answer.chart, { answer: shown.answerName, columns: shown.main.result.columns });
    const single = answer.result.row_count === 1 && answer.result.columns.some((c) => c.role === "measure");
    const width = shown.main.result.columns.length;
    const tables_ = shown.all.length > 0
      ? el("div", { class: "tables" }, shown.all.map(({ title, table: t }) => el("section", {}, title ? el("h3", {}, title) : null, t.element)))
      : null;
    const figures = el("div", { class: ["figures", plot && tables_ && width <= 5 ? "beside" : "", width > 3 ? "broad" : ""].join(" ").trim() }, plot, tables_);
    this.settle(
      this.reading,
      chips(answer.assumptions),
      el("div", { class: "narrative" }, narrative(answer.narrative, exhibits)),
      single ? tiles(answer.result, exhibits) : null,
      figures.childElementCount ? figures : null,
      foot(answer, shown.main),
    );
    this.suggest(answer.suggestions);
  }

  suggest(questions) {
    if (!questions?.length) return;
    this.element.append(el("div", { class: "next", role: "group", "aria-label": "Questions that could follow" },
      questions.map((q) => el("button", { type: "button", class: "chip", onclick: () => this.handlers.next(q) }, q, icon("arrow")))));
  }

  clarify({ question, options }) {
    this.card.classList.add("asks");
    this.settle(
      el("p", { class: "verdict-line" }, icon("question"), el("strong", {}, question)),
      el("div", { class: "options", role: "group", "aria-label": question }, options.map((option, i) =>
        el("button", { type: "button", class: "option", "data-option": i + 1, onclick: () => this.handlers.next(option.label) },
          el("kbd", {}, String(i + 1)),
          el("span", {}, el("strong", {}, option.label),
            option.restatement && option.restatement !== option.label ? el("small", {}, option.restatement) : null)))),
    );
  }

  declined(answer) {
    const failed = answer.status === "failed";
    const { message = "There is no answer.", hint, code } = answer.error ?? {};
    markUnknown(this.heading, this.question, answer.unknown_words ?? []);
    this.card.classList.add(failed ? "fails" : "declines");
    this.settle(
      el("p", { class: "verdict-line" }, icon(failed ? "warning" : "note"), el("strong", {}, sentence(message))),
      el("p", { class: "why" }, DECLINES[code] ?? (failed ? sentence(hint ?? "") : "No number is better than a wrong one.")),
      !failed && hint ? el("div", { class: "next" }, el("span", { class: "try" }, "Answerable:"),
        el("button", { type: "button", class: "chip", onclick: () => this.handlers.next(hint) }, hint, icon("arrow"))) : null,
    );
  }

  /** It ended without a document. */
  broke(error) {
    const unreachable = error instanceof Unreachable;
    const text = error instanceof Refused ? sentence(error.message)
      : unreachable ? "The assistant did not answer: it cannot be reached."
      : "This answer could not be shown.";
    const hint = error instanceof Refused ? sentence(error.hint ?? "") : unreachable ? "Nothing is lost. Ask again once it runs." : String(error);
    this.card.classList.add("fails");
    this.settle(
      el("p", { class: "verdict-line" }, icon("warning"), el("strong", {}, text)),
      el("p", { class: "why" }, hint),
      el("div", { class: "next" }, el("button", { type: "button", class: "chip", onclick: this.handlers.again }, icon("again"), "Ask again")),
    );
    this.handlers.say(text);
  }

  stopped() {
    this.card.classList.add("declines");
    this.settle(el("p", { class: "verdict-line" }, icon("note"), el("strong", {}, "Stopped.")),
      el("div", { class: "next" }, el("button", { type: "button", class: "chip", onclick: this.handlers.again }, icon("again"), "Ask again")));
  }
}

/** What a refusal means for the reader. */
const DECLINES = {
  unknown_metric: "A word of the question names nothing in this data. Every word has to be understood before a number is given.",
  unknown_field: "The question asks for a column or a split that this data does not have.",
  unknown_value: "The question names something that does not occur in this data.",
  outside_data: "The period lies outside what the data covers.",
  cause: "The data shows what happened, not why. A breakdown may show where it happened.",
  forecast: "The data holds the past only.",
  write_request: "Questions only ever read.",
  off_topic: "The question is not about this data.",
  injection: "The question reads like an instruction to the program, which it does not follow.",
  unsafe: "The question cannot be answered safely.",
};

function sentence(text) {
  const trimmed = text.trim();
  if (!trimmed) return "";
  const capital = trimmed[0].toLocaleUpperCase() + trimmed.slice(1);
  return /[.!?…”)]$/.test(capital) ? capital : `${capital}.`;
}

/** Underlines the words of the question that were not understood. */
function markUnknown(heading, question, words) {
  if (!words.length) return;
  const pattern = new RegExp(`(${words.map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "giu");
  const known = new Set(words.map((w) => w.toLowerCase()));
  heading.replaceChildren(...question.split(pattern).filter(Boolean).map((part) =>
    known.has(part.toLowerCase()) ? el("mark", { class: "unknown", title: "not understood" }, part) : part));
}

/** Which tables are shown: the answer, or the ranking that it stands in, and what else the plan used. */
function tables(answer, exhibits) {
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const { result, plan } = answer;
  const mainStep = plan.find((step) => same(step.result, result));
  const others = plan.filter((step) => step.result && step !== mainStep);
  const names = JSON.stringify(result.columns.map((c) => c.name));
  const behind = result.row_count >= 1 && others.find((step) =>
    step.result.row_count > result.row_count && JSON.stringify(step.result.columns.map((c) => c.name)) === names);
  const all = [];
  let answerName = null;
  let main;
  if (behind) {
    const places = result.rows.map((row) => behind.result.rows.findIndex((other) => same(row, other)));
    main = table(behind.result, { answerRows: new Set(places), label: behind.purpose });
    exhibits.add(behind.id, main);
    const map = (row) => places[row];
    exhibits.add("result", main, map);
    if (mainStep) exhibits.add(mainStep.id, main, map);
    const dimension = result.columns.findIndex((c) => c.role === "dimension" || c.role === "id" || c.role === "text");
    if (result.row_count === 1 && dimension >= 0) answerName = result.rows[0][dimension];
    all.push({ title: capital(behind.purpose), table: main });
  } else {
    main = table(result, { label: answer.restatement ?? "Result" });
    exhibits.add("result", main);
    if (mainStep) exhibits.add(mainStep.id, main);
    // A single number stands as a tile already.
    if (result.row_count !== 1 || result.columns.every((c) => c.role !== "measure")) all.push({ title: null, table: main });
  }
  for (const step of others) {
    if (step === behind) continue;
    const extra = table(step.result, { label: step.purpose });
    exhibits.add(step.id, extra);
    all.push({ title: capital(step.purpose), table: extra });
  }
  return { main, all, answerName };
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** The measures of a single row as large numbers. */
function tiles(result, exhibits) {
  const row = result.rows[0];
  const measures = result.columns.map((column, c) => ({ column, c })).filter(({ column }) => column.role === "measure");
  return el("dl", { class: "tiles" }, measures.map(({ column, c }) => {
    const signed = / change( %)?$/i.test(column.name) && row[c] > 0 ? "+" : "";
    const value = el("dd", {}, signed + writer(column, [row[c]])(row[c]));
    proven(value, exhibits, { cell: ["result", 0, c] });
    return el("div", { class: "tile" }, el("dt", {}, column.name), value);
  }));
}

function chips(assumptions) {
  if (!assumptions.length) return null;
  const list = el("ul", { class: "assumptions", "aria-label": "Assumptions" });
  const draw = (count) => {
    list.replaceChildren(...assumptions.slice(0, count).map((a) => el("li", {}, a)));
    if (count < assumptions.length) {
      list.append(el("li", { class: "rest-of" }, el("button", { type: "button", onclick: () => draw(assumptions.length) }, `${assumptions.length - count} more`)));
    }
  };
  draw(ASSUMPTIONS_SHOWN);
  return list;
}

/** The verdict, and behind buttons: the checks, the SQL; time and copy at the right. */
function foot(answer, main) {
  const { verification: v, plan, certificate } = answer;
  const panel = el("div", { class: "panel", hidden: true });
  const buttons = [];
  const opener = (iconName, label, className, content) => {
    const button = el("button", { type: "button", class: className, "aria-expanded": "false", onclick: () => {
      const open = button.getAttribute("aria-expanded") === "true";
      for (const other of buttons) other.setAttribute("aria-expanded", "false");
      panel.hidden = open;
      if (!open) {
        button.setAttribute("aria-expanded", "true");
        panel.replaceChildren(...content());
      }
    } }, icon(iconName), el("span", {}, label));
    buttons.push(button);
    return button;
  };
  const statements = `${v.numbers.bound} of ${v.numbers.found} statements proven`;
  const verified = opener("check", el("span", {}, el("b", {}, "Verified"), ` ${statements}`), "verified", () => [
    el("ul", { class: "checks" }, v.checks.map((check) =>
      el("li", { class: check.passed ? "passed" : "failed" }, icon(check.passed ? "check" : "cross"), el("span", {}, el("b", {}, check.name.replaceAll("_", " ")), check.detail ? ` ${check.detail}` : "")))),
    certificate ? el("p", { class: "hint" }, `${certificate.program}, ${plan[0]?.engine ?? ""}${certificate.as_of ? `; today is read as ${certificate.as_of}, the last day of the data` : ""}. The certificate in the answer document lets “retail verify” replay it.`) : null,
  ].filter(Boolean));
  const sql = opener("code", "SQL", "quiet", () => plan.map((step) => {
    const button = el("button", { type: "button", class: "quiet", onclick: () => copy(button, step.sql) }, icon("copy"), el("span", {}, "Copy"));
    return el("section", { class: "sql" },
      el("header", {}, el("span", {}, `${step.id} · ${step.purpose}`), el("span", { class: "hint" }, `${duration(step.elapsed_ms)}${step.result ? ` · ${counted(step.result.row_count, "row")}` : ""}`), button),
      el("pre", { tabindex: "0" }, highlighted(step.sql)));
  }));
  const copyTable = el("button", { type: "button", class: "quiet brief", title: "Copy the table", "aria-label": "Copy the table", onclick: () => copy(copyTable, main.text()) }, icon("copy"), el("span", {}, "Copy table"));
  return el("footer", { class: "foot" }, el("div", { class: "foot-line" }, verified, sql, copyTable, el("span", { class: "spring" }), el("span", { class: "hint" }, duration(answer.timings_ms?.total ?? 0))), panel);
}
