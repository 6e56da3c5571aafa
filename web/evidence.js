// What proves a statement: which cells and which formula, in words, and where they stand on the page.

import { el } from "./element.js";
import { exact } from "./values.js";

/** The published formulas, in the reader's words. */
const FORMULAS = {
  sum: "the sum of these cells",
  percent_change: "(last − first) ÷ first",
  share: "the first cell ÷ the sum of its column",
  rank: "its place in the column",
  count_rows: "the number of rows",
  direction: "the sign of the change",
  period: "the period of the query",
  filter_value: "a value that the query filters by",
};

const INPUTS_SHOWN = 4;

/** Tables that are on the page, found by step id. */
export class Exhibits {
  #tables = new Map();

  /** `map` turns a row of that step into a row of the table. */
  add(step, table, map = (row) => row) {
    this.#tables.set(step, { table, map });
  }

  #find([step, row, column]) {
    const at = this.#tables.get(step);
    return at && { table: at.table, row: at.map(row), column };
  }

  /** The cells that a source names, as `{table, row, column}`. */
  cells(source) {
    const named = source.cell ? [source.cell] : (source.inputs ?? []).filter(isCell);
    return named.map((cell) => this.#find(cell)).filter(Boolean);
  }

  /** Lights them; returns what puts them out. */
  light(source) {
    const byTable = new Map();
    for (const { table, row, column } of this.cells(source)) {
      byTable.set(table, [...(byTable.get(table) ?? []), [row, column]]);
    }
    const out = [...byTable].map(([table, cells]) => table.light(cells));
    return () => out.forEach((put) => put());
  }

  /** The evidence in words. */
  explain(source) {
    const cells = this.cells(source);
    const lines = cells.slice(0, INPUTS_SHOWN).map(({ table, row, column }) => {
      const { columns, rows } = table.result;
      const value = exact(rows[row]?.[column], columns[column]);
      const name = rowName(columns, rows[row], column);
      return el("div", { class: "proof-line" },
        el("span", {}, columns[column].name, name ? el("em", {}, ` · ${name}`) : null), el("b", {}, value));
    });
    if (cells.length > INPUTS_SHOWN) lines.push(el("div", { class: "proof-more" }, `and ${cells.length - INPUTS_SHOWN} more cells`));
    if (source.cell) {
      const [, row, column] = source.cell;
      return el("div", { class: "proof" }, el("p", { class: "proof-kind" }, "Read from a cell"), lines,
        el("p", { class: "proof-foot" }, `row ${row + 1}, column ${column + 1}, before rounding`));
    }
    const literal = (source.inputs ?? []).filter((input) => typeof input === "string");
    const words = source.formula === "period" ? periodWords(literal) : source.formula === "filter_value" ? literal.join(", ") : null;
    return el("div", { class: "proof" }, el("p", { class: "proof-kind" }, `Computed: ${FORMULAS[source.formula] ?? source.formula}`),
      words ? el("div", { class: "proof-line" }, el("b", {}, words)) : null, lines);
  }
}

const isCell = (input) => Array.isArray(input) && input.length === 3 && typeof input[0] === "string";

function rowName(columns, row, except) {
  if (!row) return "";
  return columns.map((column, c) => (c !== except && column.role !== "measure" ? exact(row[c], column) : null))
    .filter((part) => part != null && part !== "–").join(" · ");
}

function periodWords([start, end]) {
  if (start === "compare") return "the period compared with";
  if (!end) return start;
  const last = new Date(Date.parse(end) - 86_400_000).toISOString().slice(0, 10);
  return start === last ? start : `${start} to ${last}`;
}

// One bubble serves the page: it stands over the statement that has the pointer or the focus.
const bubble = el("div", { class: "bubble", role: "tooltip", id: "proof", hidden: true });
document.body.append(bubble);
let current = null;

function hide() {
  if (!current) return;
  current.put();
  current.mark.removeAttribute("aria-describedby");
  current.mark.classList.remove("shown");
  current = null;
  bubble.hidden = true;
}

function show(mark, exhibits, source) {
  if (current?.mark === mark) return;
  hide();
  bubble.replaceChildren(exhibits.explain(source));
  bubble.hidden = false;
  mark.setAttribute("aria-describedby", "proof");
  mark.classList.add("shown");
  current = { mark, put: exhibits.light(source) };
  place(mark);
}

function place(mark) {
  const box = mark.getClientRects()[0] ?? mark.getBoundingClientRect();
  const own = bubble.getBoundingClientRect();
  const margin = 10;
  const left = Math.min(Math.max(margin, box.left + box.width / 2 - own.width / 2), innerWidth - own.width - margin);
  const above = box.top - own.height - 8;
  bubble.style.left = `${left}px`;
  bubble.style.top = `${above > 60 ? above : box.bottom + 8}px`;
  bubble.style.setProperty("--point", `${box.left + box.width / 2 - left}px`);
  bubble.classList.toggle("below", above <= 60);
}

/** Makes an element show its evidence on hover, focus and touch. */
export function proven(element, exhibits, source) {
  element.classList.add("proven");
  element.tabIndex = 0;
  const open = () => show(element, exhibits, source);
  element.addEventListener("pointerenter", (event) => { if (event.pointerType !== "touch") open(); });
  element.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch" && document.activeElement !== element) hide(); });
  element.addEventListener("focus", open);
  element.addEventListener("blur", hide);
  return element;
}

document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
addEventListener("scroll", () => { if (current) place(current.mark); }, { passive: true });
addEventListener("resize", hide);
