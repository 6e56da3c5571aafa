// A table: sorted by its heads, numbers to the right, cells that evidence can light up.

import { el, icon } from "./element.js";
import { writer } from "./values.js";

const FIRST_ROWS = 12;
const MORE_ROWS = 500;

/** Whether a column holds a change, which carries its sign. */
const isChange = (column) => / change( %)?$/i.test(column.name);

/**
 * Draws a result table. `answerRows` are the rows that answer the question when the table shows
 * more than they. Returns the element, and ways to find and light cells by their place in the result.
 */
export function table(result, { answerRows = new Set(), label } = {}) {
  const { columns, rows } = result;
  const write = columns.map((column, c) => signed(column, writer(column, rows.map((row) => row[c]))));
  const scale = bars(columns, rows);
  const heads = [];
  const body = el("tbody");
  const elements = rows.map(() => null);
  let order = rows.map((_, r) => r);
  let visible = Math.min(rows.length, FIRST_ROWS);
  let sorted = null;

  const rowElement = (r) => {
    elements[r] ??= el("tr", { class: answerRows.has(r) ? "answer" : null }, columns.map((column, c) => {
      const numeric = column.role === "measure";
      const cell = el(c === 0 && !numeric ? "th" : "td", {
        class: [numeric ? "number" : "", rows[r][c] == null ? "missing" : ""].join(" ").trim() || null,
        scope: c === 0 && !numeric ? "row" : null,
      });
      if (c === scale?.column && rows[r][c] != null) {
        const bar = el("i", { class: "bar-fill" });
        bar.style.setProperty("--share", Math.max(0, rows[r][c]) / scale.largest);
        cell.append(bar);
      }
      cell.append(el("span", {}, write[c](rows[r][c])));
      return cell;
    }));
    return elements[r];
  };

  const more = el("button", { type: "button", class: "more", onclick: () => show(visible + MORE_ROWS) });
  const show = (count) => {
    visible = Math.min(rows.length, Math.max(count, FIRST_ROWS));
    body.replaceChildren(...order.slice(0, visible).map(rowElement));
    const left = rows.length - visible;
    more.hidden = left === 0;
    more.textContent = left > MORE_ROWS ? `Show ${MORE_ROWS} more of ${rows.length.toLocaleString()} rows` : `Show all ${rows.length.toLocaleString()} rows`;
  };

  const sort = (c) => {
    const numeric = columns[c].role === "measure";
    const cycle = numeric ? ["descending", "ascending", null] : ["ascending", "descending", null];
    const now = sorted?.column === c ? sorted.direction : null;
    const direction = cycle[(cycle.indexOf(now) + 1) % 3];
    sorted = direction && { column: c, direction };
    order = rows.map((_, r) => r);
    if (sorted) {
      const sign = direction === "ascending" ? 1 : -1;
      order.sort((a, b) => compare(rows[a][c], rows[b][c], sign) || a - b);
    }
    heads.forEach((head, i) => head.setAttribute("aria-sort", sorted?.column === i ? direction : "none"));
    show(visible);
  };

  for (const [c, column] of columns.entries()) {
    heads.push(el("th", { scope: "col", class: column.role === "measure" ? "number" : null, "aria-sort": "none" },
      rows.length > 1
        ? el("button", { type: "button", title: `Sort by ${column.name}`, onclick: () => sort(c) }, el("span", {}, headName(column)), icon("down"))
        : el("span", { class: "head" }, headName(column))));
  }
  show(FIRST_ROWS);

  const scroller = el("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": label ?? "Table" },
    el("table", {}, el("thead", {}, el("tr", {}, heads)), body));
  const element = el("div", { class: "table" }, scroller, more,
    result.truncated ? el("p", { class: "hint" }, `The first ${rows.length.toLocaleString()} rows; there are more.`) : null);

  return {
    element,
    result,
    /** Lights cells `[row, column]` and their rows; brings the first into view. Returns what puts them out. */
    light(cells) {
      const lit = [];
      for (const [r, c] of cells) {
        if (!rows[r]) continue;
        const at = order.indexOf(r);
        if (at >= visible) show(at + 1);
        const row = rowElement(r);
        row.classList.add("lit-row");
        row.children[c]?.classList.add("lit");
        lit.push([row, row.children[c]]);
      }
      lit[0]?.[1]?.scrollIntoView({ block: "nearest", inline: "nearest" });
      return () => {
        for (const [row, cell] of lit) {
          row.classList.remove("lit-row");
          cell?.classList.remove("lit");
        }
      };
    },
    text: () => [columns.map((c) => c.name), ...rows.map((row) => row.map((cell) => cell ?? ""))]
      .map((row) => row.join("\t")).join("\n"),
  };
}

/** The name, broken anywhere but inside its brackets. */
function headName(column) {
  return column.name.replace(/\([^)]*\)/g, (part) => part.replaceAll(" ", "\u00a0"));
}

function signed(column, write) {
  if (!isChange(column)) return write;
  return (cell) => (typeof cell === "number" && cell > 0 ? `+${write(cell)}` : write(cell));
}

/** Which column is drawn as bars: the one measure by which the rows stand in descending order. */
function bars(columns, rows) {
  if (rows.length < 2) return null;
  for (const [c, column] of columns.entries()) {
    if (column.role !== "measure" || isChange(column)) continue;
    const values = rows.map((row) => row[c]).filter((v) => typeof v === "number");
    const largest = Math.max(...values);
    if (values.length < 2 || values.some((v) => v < 0) || largest <= 0) continue;
    return { column: c, largest };
  }
  return null;
}

/** Missing cells last in either direction. */
function compare(a, b, sign) {
  if (a == null || b == null) return (a == null) - (b == null);
  if (typeof a === "number" && typeof b === "number") return sign * (a - b);
  return sign * String(a).localeCompare(String(b), undefined, { numeric: true });
}
