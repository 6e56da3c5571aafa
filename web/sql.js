// SQL with its words coloured.

import { el } from "./element.js";

const WORDS = new Set(("select from where group by order having with as on and or not in is null distinct case when then else end left right full outer inner join using over partition rows between preceding following current row union all limit offset asc desc nulls first last cast filter date interval true false exists").split(" "));
const PARTS = /(--[^\n]*)|('(?:[^']|'')*')|("(?:[^"]|"")*")|(\b\d+(?:\.\d+)?\b)|([A-Za-z_][A-Za-z_0-9]*)(\s*\()?|(\s+|[^\sA-Za-z_0-9'"]+)/g;

/** A code element. */
export function highlighted(sql) {
  const code = el("code");
  for (const [all, comment, string, name, number, word, opening] of sql.matchAll(PARTS)) {
    if (comment) code.append(el("span", { class: "sql-note" }, all));
    else if (string) code.append(el("span", { class: "sql-text" }, all));
    else if (number) code.append(el("span", { class: "sql-number" }, all));
    else if (word && WORDS.has(word.toLowerCase())) code.append(el("span", { class: "sql-word" }, word), opening ?? "");
    else if (word && opening) code.append(el("span", { class: "sql-call" }, word), opening);
    else code.append(name ?? all);
  }
  return code;
}
