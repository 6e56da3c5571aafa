// Charts: the answer's Vega-Lite specification, dressed in the page's colours. Vega is loaded with the
// first chart and works without `eval`: expressions are parsed to a tree and interpreted.

import { el } from "./element.js";
import { colour, onTheme } from "./theme.js";
import { currencySign } from "./values.js";

const ANSWER = "__answer";
const LABELLED_BARS = 24;
let library = null;

function script(address) {
  return new Promise((done, failed) => {
    const element = el("script", { src: address });
    element.addEventListener("load", done);
    element.addEventListener("error", () => failed(new Error(`${address} could not be loaded`)));
    document.head.append(element);
  });
}

async function load() {
  library ??= (async () => {
    await script("/parts/vega.js");
    await script("/parts/vega-lite.js");
    const { expressionInterpreter } = await import("/parts/vega-interpreter.js");
    return { vega: globalThis.vega, vegaLite: globalThis.vegaLite, expressionInterpreter };
  })();
  return library;
}

const drawn = new Set();
onTheme(() => { for (const draw of drawn) draw(); });

/**
 * A figure of a chart. `answer` is the name whose mark is the answer among others, if there is one;
 * `columns` are those of the table behind it.
 */
export function chart(spec, { answer, columns }) {
  const title = typeof spec.title === "string" ? spec.title : spec.title?.text ?? "";
  const canvas = el("div", { class: "plot", role: "img", "aria-label": `Chart: ${title}. The table holds the same numbers.` });
  const tip = el("div", { class: "tip", hidden: true });
  const figure = el("figure", { class: "figure" }, title ? el("figcaption", {}, title) : null, canvas, tip);
  let view = null;
  const draw = async () => {
    try {
      const { vega, vegaLite, expressionInterpreter } = await load();
      const dressed = dress(structuredClone(spec), answer, columns ?? []);
      const runtime = vega.parse(vegaLite.compile(dressed, { logger: vega.logger(vega.Error) }).spec, null, { ast: true });
      view?.finalize();
      view = new vega.View(runtime, { renderer: "svg", container: canvas, hover: true, expr: expressionInterpreter, logLevel: vega.Error });
      view.tooltip((_, event, item, value) => hover(figure, tip, event, item, value));
      await view.runAsync();
      canvas.dataset.drawn = "";
    } catch (error) {
      drawn.delete(draw);
      canvas.replaceChildren(el("p", { class: "hint" }, "The chart could not be drawn; the table holds its numbers."));
      console.error(error);
    }
  };
  drawn.add(draw);
  // The plot takes its width from the page, so it is drawn once it has one, and again when it changes.
  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now === 0 || now === width) return;
    width = now;
    draw();
  }).observe(canvas);
  return figure;
}

function hover(figure, tip, event, item, value) {
  if (!value || !item) {
    tip.hidden = true;
    return;
  }
  tip.replaceChildren(...Object.entries(value).filter(([key]) => !key.startsWith("__"))
    .map(([key, shown]) => el("div", { class: "proof-line" }, el("span", {}, key), el("b", {}, String(shown)))));
  tip.hidden = false;
  const box = figure.getBoundingClientRect();
  const left = Math.min(event.clientX - box.left + 14, box.width - tip.offsetWidth - 4);
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${event.clientY - box.top - tip.offsetHeight - 10}px`;
}

/** The page's look on a specification: colours, type, labels on bars, the answer's bar in front. */
function dress(spec, answer, columns) {
  const mark = typeof spec.mark === "string" ? { type: spec.mark } : { ...spec.mark };
  const { x, y, color } = spec.encoding ?? {};
  delete spec.title;
  spec.width = "container";
  spec.autosize = { type: "fit-x", contains: "padding" };
  spec.config = config();
  for (const channel of [x, y]) {
    if (channel?.type === "temporal") channel.scale = { type: "utc", ...channel.scale };
    if (channel?.type === "quantitative") money(channel, columns);
  }
  if (mark.type === "bar" && y?.type === "nominal" && x?.type === "quantitative") {
    const values = spec.data?.values ?? [];
    const amount = x.title;
    spec.height = { step: spec.encoding.yOffset ? 15 : 30 };
    y.axis = { ...y.axis, title: null, labelLimit: 150 };
    x.axis = { ...x.axis, title: null };
    mark.cornerRadiusEnd = 3;
    if (spec.encoding.yOffset && color) {
      // The period that is asked about first and in front, the one before it behind.
      const names = [...new Set(values.map((v) => v[color.field]))].sort((a, b) => (b === amount) - (a === amount));
      if (names.length === 2) {
        color.scale = { domain: names, range: [colour("chart-1"), colour("chart-rest")] };
        spec.encoding.yOffset = { ...spec.encoding.yOffset, scale: { domain: names } };
      }
    }
    const single = !color && !spec.encoding.yOffset;
    if (single && answer != null && values.some((v) => v[y.field] === answer)) {
      for (const value of values) value[ANSWER] = value[y.field] === answer;
      spec.encoding.color = { condition: { test: `datum.${ANSWER}`, value: colour("chart-1") }, value: colour("chart-rest") };
    }
    if (single && values.length <= LABELLED_BARS) return labelled(spec, mark, x);
  } else if (mark.type === "line") {
    spec.height = 240;
    mark.strokeWidth = 2.25;
    mark.interpolate = "monotone";
    if (mark.point) mark.point = { filled: true, size: 32 };
    if (x) x.axis = { ...x.axis, title: null, labelOverlap: true, grid: false, ...months(x.axis) };
    if (y) y.axis = { ...y.axis, title: null };
    if (!color && y?.type === "quantitative") {
      const { encoding } = spec;
      delete spec.encoding;
      delete spec.mark;
      spec.layer = [
        { mark: { type: "area", interpolate: "monotone", opacity: 0.1, tooltip: false }, encoding },
        { mark, encoding },
      ];
      return spec;
    }
  } else {
    spec.height ??= 260;
  }
  spec.mark = mark;
  return spec;
}

/** The value at the end of each bar. */
function labelled(spec, mark, x) {
  const { encoding } = spec;
  delete spec.mark;
  delete spec.encoding;
  const negative = `datum['${x.field}'] < 0`;
  const { color, ...place } = encoding;
  spec.layer = [
    { mark, encoding },
    {
      mark: { type: "text", baseline: "middle", fontWeight: 500, align: { expr: `${negative} ? 'right' : 'left'` }, dx: { expr: `${negative} ? -6 : 6` } },
      encoding: { ...place, text: { field: x.field, type: "quantitative", format: x.axis.format ?? ",.3~s", formatType: "number" } },
    },
  ];
  if (x.axis.labelExpr) {
    spec.layer[1].encoding.text = { field: `${x.field}_shown`, type: "nominal" };
    spec.layer[1].transform = [{ calculate: x.axis.labelExpr.replaceAll("datum.value", `datum['${x.field}']`), as: `${x.field}_shown` }];
  }
  // Room for the labels beside the longest bars.
  encoding.x.scale = { ...encoding.x.scale, padding: 44 };
  encoding.x.axis = { ...encoding.x.axis, labels: false, ticks: false, domain: false, grid: false };
  return spec;
}

/** Months by their short names, the year below where it begins. */
function months(axis) {
  if (axis?.format !== "%b %Y") return {};
  return { labelExpr: "[utcFormat(datum.value, '%b'), datum.index === 0 || utcmonth(datum.value) === 0 ? utcFormat(datum.value, '%Y') : '']" };
}

/** The currency's sign on an axis whose column has one; the format language knows the dollar alone. */
function money(channel, columns) {
  const column = columns.find((c) => c.name === channel.title);
  const sign = currencySign(column?.unit);
  if (!sign || channel.axis?.format?.startsWith("$")) return;
  channel.axis = { ...channel.axis, labelExpr: `(datum.value < 0 ? '-' : '') + '${sign.replaceAll("'", "")}' + format(abs(datum.value), ',.3~s')` };
}

function config() {
  const text = colour("text-2");
  const font = getComputedStyle(document.body).fontFamily;
  return {
    background: "transparent",
    font,
    view: { stroke: null },
    axis: {
      labelColor: text, titleColor: text, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500, labelPadding: 8,
      domain: false, ticks: false, gridColor: colour("line"), gridDash: [2, 3],
    },
    axisY: { grid: true },
    axisBand: { grid: false },
    legend: { labelColor: text, titleColor: text, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500, symbolType: "circle", orient: "top", offset: 12, columns: 4 },
    text: { color: colour("text"), fontSize: 12 },
    bar: { color: colour("chart-1") },
    line: { color: colour("chart-1") },
    point: { color: colour("chart-1") },
    area: { color: colour("chart-1") },
    range: { category: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => colour(`chart-${i}`)) },
  };
}
