// What all pages have: figures, charts, tables that sort, light and dark, print.
"use strict";
const squall = (() => {
  const find = (id) => document.getElementById(id);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Charts grow with the page's letters, which a large screen has larger.
  const grown = (pixels) => Math.round((pixels * parseFloat(getComputedStyle(document.documentElement).fontSize)) / 14);
  const data = JSON.parse(find("measured").textContent);
  // The runs of a page; the elements of each have its prefix before their ids.
  const runs = data.runs || [data];
  const finder = ({ prefix = "" }) => (id) => find(prefix + id);

  // Figures -----------------------------------------------------------------------------------------------------------
  const short = (value) => {
    const size = Math.abs(value);
    const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
    return value.toLocaleString("en", { maximumFractionDigits: size && size < 0.1 ? 4 : digits });
  };
  const millis = (value) =>
    value == null ? "–" : value >= 1000 ? short(value / 1000) + " s" : value >= 1 ? short(value) + " ms" : short(value * 1000) + " µs";
  const plain = (value) => (value == null ? "–" : short(value));
  const perSecond = (value) => (value == null ? "–" : short(value) + "/s");
  const clock = (seconds) => {
    if (seconds == null) return "–";
    const whole = Math.floor(seconds);
    const two = (number) => String(number).padStart(2, "0");
    const fraction = seconds % 1 ? (seconds % 1).toFixed(1).slice(1) : "";
    const hours = Math.floor(whole / 3600);
    return (hours ? hours + ":" + two(Math.floor(whole / 60) % 60) : Math.floor(whole / 60)) + ":" + two(whole % 60) + fraction;
  };
  const bytes = (value) => {
    if (value == null) return "–";
    const power = Math.min(Math.max(Math.floor(Math.log10(Math.max(Math.abs(value), 1)) / 3), 0), 5);
    return short(value / 1000 ** power) + " " + ["B", "kB", "MB", "GB", "TB", "PB"][power];
  };

  // Charts -------------------------------------------------------------------------------------------------------------
  let plots = [];
  const drawers = [];
  const axis = (extra) => ({
    stroke: colour("--faint"), font: grown(12) + "px system-ui, sans-serif", grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1 }, ...extra, size: grown(extra.size || 40), space: grown(extra.space || 35),
  });
  const line = (label, name, value, extra) => ({
    label, stroke: colour(name), width: 1.5, value: (_, shown) => value(shown), points: { size: 5 }, ...extra,
  });
  const size = (place) => ({ width: Math.max(place.clientWidth, 240), height: Math.max(Math.round(parseFloat(getComputedStyle(place).minHeight)), 200) });
  const fromZero = { range: (_, min, max) => [0, (max || 1) * 1.08] };
  const plot = (place, options, values) => {
    place.textContent = "";
    const chart = new uPlot({ ...size(place), ...options }, values, place);
    plots.push(chart);
    place.querySelectorAll(".u-legend .u-series th").forEach((label) => {
      label.tabIndex = 0;
      label.setAttribute("role", "button");
      label.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); label.click(); }
      });
    });
    return chart;
  };
  const remove = (charts) => {
    charts.forEach((chart) => chart.destroy());
    plots = plots.filter((chart) => !charts.includes(chart));
  };
  // A place for a chart that the page did not know of when it was written; returns where to draw.
  const frame = (parent, id, title) => {
    const chart = document.createElement("div");
    chart.className = "chart";
    chart.tabIndex = 0;
    chart.setAttribute("role", "group");
    chart.setAttribute("aria-label", title);
    const heading = document.createElement("h3");
    heading.textContent = title;
    const place = document.createElement("div");
    place.className = "plot";
    place.id = id;
    chart.append(heading, place);
    parent.append(chart);
    return place;
  };
  const draw = () => drawers.forEach((each) => each());

  // Tables -------------------------------------------------------------------------------------------------------------
  const order = new Map();
  const sort = (table, column, direction) => {
    const key = (row) => { const cell = row.cells[column]; return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value); };
    const compare = (one, other) => (typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other)));
    const body = table.tBodies[0];
    [...body.rows].sort((one, other) => direction * compare(key(one), key(other))).forEach((row) => body.append(row));
    [...table.tHead.rows[0].cells].forEach((cell, number) => {
      if (number === column) cell.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    });
  };
  document.addEventListener("click", (event) => {
    const head = event.target.closest("th > button");
    if (head) {
      const cell = head.parentElement;
      const table = cell.closest("table");
      const numeric = table.tBodies[0].rows[0]?.cells[cell.cellIndex].dataset.value !== undefined;
      const up = cell.getAttribute("aria-sort");
      const direction = up === "descending" ? 1 : up === "ascending" ? -1 : numeric ? -1 : 1;
      order.set(table.id, [cell.cellIndex, direction]);
      sort(table, cell.cellIndex, direction);
    }
    const copy = event.target.closest("button.copy");
    if (copy) {
      const text = find(copy.dataset.of).textContent;
      navigator.clipboard?.writeText(text).then(() => { copy.textContent = "Copied"; }, () => { copy.textContent = "Select and copy by hand"; });
    }
  });

  // Light and dark, print, size ----------------------------------------------------------------------------------------
  const root = document.documentElement;
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  find("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches;
    root.dataset.theme = dark ? "light" : "dark";
    draw();
  });
  systemDark.addEventListener("change", draw);
  let before;
  addEventListener("beforeprint", () => {
    before = root.dataset.theme;
    root.dataset.theme = "light";
    draw();
    plots.forEach((chart) => chart.setSize({ width: Math.min(chart.width, 680), height: 200 }));
  });
  addEventListener("afterprint", () => { if (before) root.dataset.theme = before; else delete root.dataset.theme; draw(); });
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    plots.forEach((chart) => chart.setSize(size(chart.root.parentElement)));
  });

  const resort = () => order.forEach(([column, direction], id) => { if (find(id)) sort(find(id), column, direction); });
  return { find, finder, colour, data, runs, short, millis, plain, perSecond, bytes, clock, axis, line, fromZero, plot, remove, frame, drawers, draw, resort };
})();
