// Makes elements. Text always goes in as text: nothing from an answer is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes, listeners (`onclick` …) and children; null children are left out. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value == null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

const PATHS = {
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  cross: "M5 5l10 10M15 5L5 15",
  down: "M5.5 8l4.5 4.5L14.5 8",
  copy: "M7 7h8v9H7zM5 13H4V4h8v1",
  code: "M7 6l-4 4 4 4M13 6l4 4-4 4",
  note: "M5 3.5h10v13H5zM7.5 7.5h5M7.5 10.5h5M7.5 13.5h3",
  eye: "M2.5 10s2.8-5 7.5-5 7.5 5 7.5 5-2.8 5-7.5 5-7.5-5-7.5-5zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  question: "M7.5 7.6a2.6 2.6 0 1 1 3.6 2.4c-.8.4-1.1.8-1.1 1.8M10 14.6v.1",
  warning: "M10 3.5l7 12.5H3zM10 8.5v3.5M10 14v.1",
  arrow: "M4 10h11M10.5 5.5L15 10l-4.5 4.5",
  again: "M15.5 8A6 6 0 1 0 16 11.5M15.8 4.2V8h-3.8",
  chart: "M4 16V9M10 16V4M16 16v-5",
  table: "M3.5 4.5h13v11h-13zM3.5 8.5h13M8.5 8.5v7",
};

/** A line icon of the set above; decoration only. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Copies a text and says so on the button. */
export async function copy(button, text) {
  const label = button.querySelector("span") ?? button;
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(text);
    label.textContent = "Copied";
  } catch {
    label.textContent = "Copying is not allowed here";
  }
  setTimeout(() => { label.textContent = before; }, 1600);
}
