// How cells are written: by unit, type and grain of their column, in the reader's own locale.

const locale = navigator.language || "en";
const formats = new Map();

function number(options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(locale, options));
  return formats.get(key);
}

const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const month = new Intl.DateTimeFormat(locale, { month: "short", year: "numeric", timeZone: "UTC" });
const monthName = new Intl.DateTimeFormat(locale, { month: "long", timeZone: "UTC" });

/** Whether a unit is a currency of ISO 4217. */
export const isCurrency = (unit) => /^[A-Z]{3}$/.test(unit ?? "");

/** The sign of a currency, or nothing. */
export function currencySign(unit) {
  if (!isCurrency(unit)) return "";
  try {
    return number({ style: "currency", currency: unit, currencyDisplay: "narrowSymbol" })
      .formatToParts(0).find((part) => part.type === "currency")?.value ?? "";
  } catch {
    return "";
  }
}

/** Digits after the point that a column of numbers is shown with. */
function decimals(column, values) {
  if (column.type === "integer" || values.every((v) => Number.isInteger(v))) return 0;
  if (column.unit === "money" || isCurrency(column.unit)) return 2;
  const largest = Math.max(...values.map(Math.abs));
  return largest < 1 ? 4 : 2;
}

/** A function that writes the cells of a column; `cells` are all of them, so that digits agree. */
export function writer(column, cells) {
  const numbers = cells.filter((c) => typeof c === "number");
  if (column.role === "measure" || (column.type === "number" && column.role !== "id")) {
    let format;
    if (column.unit === "fraction") {
      format = number({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
    } else {
      const places = numbers.length ? decimals(column, numbers) : 0;
      const options = { minimumFractionDigits: places, maximumFractionDigits: places };
      format = isCurrency(column.unit)
        ? number({ ...options, style: "currency", currency: column.unit, currencyDisplay: "narrowSymbol" })
        : number(options);
    }
    return (cell) => (typeof cell === "number" ? minus(format.format(cell)) : text(cell));
  }
  if (column.role === "time" || column.type === "date" || column.type === "timestamp") {
    return (cell) => period(cell, column.grain, column.type);
  }
  return text;
}

/** A true minus sign, as wide as the plus. */
const minus = (written) => written.replace("-", "−");

function text(cell) {
  if (cell == null) return "–";
  if (cell === true) return "yes";
  if (cell === false) return "no";
  return String(cell);
}

/** A date or a period's first day as people write it. */
function period(cell, grain, type) {
  if (grain === "month_of_year" && typeof cell === "number") return monthName.format(Date.UTC(2000, cell - 1, 1));
  if (grain === "quarter_of_year" && typeof cell === "number") return `Q${cell}`;
  if (grain === "hour_of_day" && typeof cell === "number") return `${String(cell).padStart(2, "0")}:00`;
  const parts = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2}))?/.exec(cell ?? "");
  if (!parts) return text(cell);
  const at = Date.UTC(+parts[1], parts[2] - 1, +parts[3]);
  switch (grain) {
    case "year": return parts[1];
    case "quarter": return `Q${Math.ceil(parts[2] / 3)} ${parts[1]}`;
    case "month": return month.format(at);
    default: return day.format(at) + (type === "timestamp" && parts[4] ? `, ${parts[4]}` : "");
  }
}

/** The cell without rounding, for evidence. */
export function exact(cell, column) {
  if (typeof cell !== "number") return writer(column ?? {}, [cell])(cell);
  if (column?.unit === "fraction") return minus(number({ maximumFractionDigits: 6, style: "percent" }).format(cell));
  const options = { maximumFractionDigits: 6 };
  return minus(isCurrency(column?.unit)
    ? number({ ...options, style: "currency", currency: column.unit, currencyDisplay: "narrowSymbol" }).format(cell)
    : number(options).format(cell));
}

/** A count with its noun. */
export const counted = (n, noun) => `${number({}).format(n)} ${noun}${n === 1 ? "" : "s"}`;

/** A day (`YYYY-MM-DD…`) as people write it. */
export const dayOf = (iso) => period(iso.slice(0, 10));

/** Milliseconds in few words. */
export function duration(ms) {
  if (ms < 1) return "under 1 ms";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
