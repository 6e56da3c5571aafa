// The text of an answer with each proven stretch marked.

import { el } from "./element.js";
import { proven } from "./evidence.js";

/** Paragraphs of a narrative: the headline, then the rest. Claims count in code points. */
export function narrative({ text, claims }, exhibits) {
  const points = Array.from(text);
  const cut = headlineEnd(points, claims);
  const part = (from, to) => {
    const out = [];
    let at = from;
    for (const claim of claims) {
      if (claim.start < from || claim.end > to) continue;
      if (claim.start > at) out.push(points.slice(at, claim.start).join(""));
      out.push(proven(el("span", { class: kind(claim) }, points.slice(claim.start, claim.end).join("")), exhibits, claim.source));
      at = claim.end;
    }
    out.push(points.slice(at, to).join(""));
    return out;
  };
  const rest = part(cut, points.length);
  const hasRest = points.slice(cut).join("").trim() !== "";
  return [el("p", { class: "headline" }, part(0, cut)), hasRest ? el("p", { class: "rest" }, rest) : null].filter(Boolean);
}

/** Numbers stand out; names, ranks, periods and directions are marked more quietly. */
function kind(claim) {
  const isNumber = typeof claim.value === "number" && !["rank", "direction", "count_rows"].includes(claim.source.formula);
  return isNumber ? "claim value" : "claim";
}

/** One past the end of the first sentence, never inside a claim. */
function headlineEnd(points, claims) {
  for (let i = 0; i + 1 < points.length; i += 1) {
    if (points[i] === "." && points[i + 1] === " " && !claims.some((c) => c.start <= i && i < c.end)) return i + 1;
  }
  return points.length;
}
