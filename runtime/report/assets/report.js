// The life of the report: charts on one time axis, tables that sort, light and dark; and, where a run goes on, its updates.
"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const font = "12px system-ui, sans-serif";
  let data = JSON.parse(find("data").textContent);
  let charts = [];
  let logarithmic = false;

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

  // One time axis for all ----------------------------------------------------------------------------------------------
  const timed = () => charts.filter((chart) => chart.squallTimed);
  const whole = () => {
    const at = data.timeline.at_s;
    const step = at.length > 1 ? at[at.length - 1] - at[at.length - 2] : 1;
    return { min: at[0], max: at[at.length - 1] + (at.length > 1 ? 0 : step) };
  };
  let following = true;
  let moving = false;
  const move = (range) => {
    if (moving) return;
    moving = true;
    timed().forEach((chart) => chart.setScale("x", range));
    moving = false;
    const all = whole();
    following = range.min <= all.min && range.max >= all.max;
    find("whole").disabled = following;
  };
  const zoomed = (chart, key) => {
    if (key === "x" && chart.squallReady && !moving) move({ min: chart.scales.x.min, max: chart.scales.x.max });
  };

  const axis = (extra) => ({
    stroke: colour("--faint"), font, grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, ...extra,
  });
  const wholeSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
  const timeAxis = () => axis({ incrs: wholeSeconds, values: (_, splits) => splits.map(clock), space: 60 });
  const line = (label, name, value, extra) => ({
    label, stroke: colour(name), width: 1.5, value: (_, shown) => value(shown), points: { size: 5 }, ...extra,
  });
  const size = (place) => ({ width: Math.max(place.clientWidth, 240), height: Math.max(Math.round(parseFloat(getComputedStyle(place).minHeight)), 200) });

  const add = (id, options, values, isTimed) => {
    const place = find(id);
    place.textContent = "";
    const chart = new uPlot({ ...size(place), ...options }, values, place);
    chart.squallTimed = isTimed;
    chart.squallValues = options.squallValues;
    charts.push(chart);
    place.querySelectorAll(".u-legend .u-series th").forEach((label) => {
      label.tabIndex = 0;
      label.setAttribute("role", "button");
      label.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); label.click(); }
      });
    });
    return chart;
  };

  const overTime = (id, series, scales, axes, pick) =>
    add(id, {
      cursor: { sync: { key: "run" }, drag: { x: true, y: false }, bind: { dblclick: () => () => { move(whole()); } } },
      scales: { x: { time: false }, ...scales },
      axes: [timeAxis(), ...axes],
      series: [{ label: "at", value: (_, at) => clock(at) }, ...series],
      hooks: { setScale: [zoomed] },
      squallValues: pick,
    }, pick(), true);

  const timeScale = () => ({
    distr: logarithmic ? 3 : 1,
    range: (_, min, max) => (logarithmic ? uPlot.rangeLog(Math.max(min, 0.001), Math.max(max, 0.002), 10, false) : [0, (max || 1) * 1.05]),
  });
  const fromZero = { range: (_, min, max) => [0, (max || 1) * 1.08] };

  const throughput = () => {
    const t = data.timeline;
    const offered = t.offered.length > 0;
    const dropped = t.dropped.some((value) => value > 0);
    const pick = () => {
      const now = data.timeline;
      return [now.at_s, ...(offered ? [now.offered] : []), now.iterations, now.requests, ...(dropped ? [now.dropped] : [])];
    };
    overTime("throughput", [
      ...(offered ? [line("offered iterations", "--c5", perSecond, { dash: [6, 4] })] : []),
      line("iterations", "--c2", perSecond), line("requests", "--c1", perSecond),
      ...(dropped ? [line("dropped", "--c4", perSecond)] : []),
    ], { y: fromZero }, [axis({ size: 70, values: (_, splits) => splits.map(plain) })], pick);
  };
  const latency = () => overTime("latency",
    [line("p50", "--c2", millis), line("p90", "--c1", millis), line("p95", "--c6", millis), line("p99", "--c3", millis), line("max", "--c5", millis, { width: 1, show: false })],
    { y: timeScale() }, [axis({ size: 70, values: (_, splits) => splits.map((at) => (at == null ? "" : millis(at))) })],
    () => { const t = data.timeline; return [t.at_s, t.p50, t.p90, t.p95, t.p99, t.max]; });
  const errors = () => overTime("errors",
    [line("failed requests", "--c4", perSecond, { fill: colour("--c4") + "33" }), line("VUs", "--c1", plain, { scale: "vus" })],
    { y: fromZero, vus: fromZero },
    [axis({ size: 70, values: (_, splits) => splits.map(plain) }), axis({ scale: "vus", side: 1, size: 45, grid: { show: false }, values: (_, splits) => splits.map(plain) })],
    () => { const t = data.timeline; return [t.at_s, t.failed, t.vus]; });

  // What the target used: a chart for each unit, its lines from all sources.
  const units = [
    ["share", "Share of what there is", (value) => (value == null ? "–" : short(value * 100) + "%")],
    ["bytes", "Memory", (value) => bytes(value)],
    ["bytes_per_second", "Disk and network", (value) => (value == null ? "–" : bytes(value) + "/s")],
    ["number", "Connections, descriptors, threads, cores", plain],
  ];
  const bytes = (value) => {
    if (value == null) return "–";
    const power = Math.min(Math.max(Math.floor(Math.log10(Math.max(Math.abs(value), 1)) / 3), 0), 5);
    return short(value / 1000 ** power) + " " + ["B", "kB", "MB", "GB", "TB", "PB"][power];
  };
  const seriesOf = (unit) => (data.target || []).flatMap((source) =>
    source.series.filter((series) => series.unit === unit).map((series) => ({ ...series, label: data.target.length > 1 ? `${series.name}, ${source.source}` : series.name })));
  const targetShape = () => units.map(([unit]) => seriesOf(unit).length).join();
  const target = () => {
    document.body.squallTarget = targetShape();
    find("target-charts").textContent = "";
    find("target").hidden = true;
    for (const [unit, title, text] of units) {
      if (!seriesOf(unit).length) continue;
      find("target").hidden = false;
      const chart = document.createElement("div");
      chart.className = "chart";
      chart.tabIndex = 0;
      chart.setAttribute("role", "group");
      chart.setAttribute("aria-label", title);
      const heading = document.createElement("h3");
      heading.textContent = title;
      const plot = document.createElement("div");
      plot.className = "plot";
      plot.id = "target-" + unit;
      chart.append(heading, plot);
      chart.addEventListener("keydown", keys);
      find("target-charts").append(chart);
      const colours = ["--c1", "--c2", "--c3", "--c4", "--c6", "--c5"];
      overTime(plot.id, seriesOf(unit).map((series, number) => line(series.label, colours[number % colours.length], text)),
        { y: fromZero }, [axis({ size: 70, values: (_, splits) => splits.map(text) })],
        () => [data.timeline.at_s, ...seriesOf(unit).map((series) => series.over_time)]);
    }
  };

  // Where response times lay: a cell for each stretch of time and each step of time taken.
  const cellsOf = (chart) => {
    const map = data.heat_map;
    const all = whole();
    const most = Math.log1p(Math.max(...map.counts.map((column) => Math.max(...column))));
    return { map, most, end: (column) => (column + 1 < map.at_s.length ? map.at_s[column + 1] : all.max + (map.at_s.length > 1 ? map.at_s[1] - map.at_s[0] : 1)) };
  };
  const paintHeat = (chart) => {
    const { map, most, end } = cellsOf(chart);
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = colour("--accent");
    const rows = map.bounds_ms.map((bound) => chart.valToPos(bound, "y", true));
    map.counts.forEach((column, number) => {
      const left = Math.floor(chart.valToPos(map.at_s[number], "x", true));
      const right = Math.ceil(chart.valToPos(end(number), "x", true));
      column.forEach((count, row) => {
        if (!count) return;
        ctx.globalAlpha = 0.12 + 0.88 * (Math.log1p(count) / most);
        ctx.fillRect(left, rows[row + 1], Math.max(right - left, 1), Math.max(rows[row] - rows[row + 1], 1));
      });
    });
    ctx.restore();
  };
  const readHeat = (chart) => {
    const { map, end } = cellsOf(chart);
    const { left, top } = chart.cursor;
    let text = "";
    if (left >= 0 && top >= 0) {
      const at = chart.posToVal(left, "x");
      const value = chart.posToVal(top, "y");
      const column = map.at_s.findIndex((start, number) => at >= start && at < end(number));
      const row = map.bounds_ms.findIndex((bound, number) => value >= bound && value < map.bounds_ms[number + 1]);
      if (column >= 0 && row >= 0) {
        text = `from ${clock(map.at_s[column])}: ${short(map.counts[column][row])} responses of ${millis(map.bounds_ms[row])} to ${millis(map.bounds_ms[row + 1])}`;
      }
    }
    find("heat-readout").textContent = text;
  };
  const heat = () => {
    if (!data.heat_map.at_s.length) { find("heat").textContent = "No response was measured."; return; }
    const pick = () => [data.timeline.at_s, data.timeline.at_s.map(() => null)];
    add("heat", {
      legend: { show: false },
      cursor: { sync: { key: "run", scales: ["x", null] }, drag: { x: true, y: false }, points: { show: false }, bind: { dblclick: () => () => { move(whole()); } } },
      scales: { x: { time: false }, y: { distr: 3, range: () => [data.heat_map.bounds_ms[0], data.heat_map.bounds_ms[data.heat_map.bounds_ms.length - 1]] } },
      axes: [timeAxis(), axis({ size: 70, splits: () => data.heat_map.bounds_ms.filter((_, row) => row % 8 === 0), filter: (_, splits) => splits, values: (_, splits) => splits.map(millis) })],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { setScale: [zoomed], drawAxes: [paintHeat], setCursor: [readHeat] },
      squallValues: pick,
    }, pick(), true);
  };

  const nines = (percent) => -Math.log10(1 - percent / 100);
  const percentOf = (at) => 100 * (1 - 10 ** -at);
  const percentiles = () => {
    const names = Object.keys(data.percentile_curves);
    if (!names.length) { find("percentiles").textContent = "No response was measured."; return; }
    const pick = () => uPlot.join(names.map((name) => {
      const curve = data.percentile_curves[name] || [];
      return [curve.map(([percent]) => nines(percent)), curve.map(([, value]) => value)];
    }));
    const label = (at) => (at == null ? "–" : percentOf(at).toFixed(Math.max(0, Math.ceil(at - 1e-9) - (at % 1 ? 1 : 2))) + "%");
    add("percentiles", {
      cursor: { drag: { x: true, y: false } },
      scales: { x: { time: false }, y: timeScale() },
      axes: [
        axis({ incrs: [1], splits: (_, __, min, max) => { const marks = []; for (let at = Math.ceil(min); at <= max; at += 1) marks.push(at); return marks; }, values: (_, splits) => splits.map(label) }),
        axis({ size: 70, values: (_, splits) => splits.map((at) => (at == null ? "" : millis(at))) }),
      ],
      series: [{ label: "percentile", value: (_, at) => label(at) }, ...names.map((name, number) => line(name, ["--c1", "--c3"][number] || "--c2", millis, { spanGaps: true }))],
      squallValues: pick,
    }, pick(), false);
  };

  const draw = () => {
    const kept = following || !timed().length ? null : { min: timed()[0].scales.x.min, max: timed()[0].scales.x.max };
    charts.forEach((chart) => chart.destroy());
    charts = [];
    if (!data.timeline.at_s.length) {
      document.querySelectorAll(".plot").forEach((place) => { place.textContent = "Nothing was measured yet."; });
      return;
    }
    throughput(); latency(); errors(); heat(); target(); percentiles();
    charts.forEach((chart) => { chart.squallReady = true; });
    move(kept || whole());
  };
  const refresh = () => {
    const columns = charts.map((chart) => chart.data.length);
    const shapes = charts.map((chart) => chart.squallValues());
    const dropped = data.timeline.dropped.some((value) => value > 0);
    if (charts.length < 5 || targetShape() !== document.body.squallTarget || dropped !== document.body.squallDropped || shapes.some((shape, number) => shape.length !== columns[number])) {
      document.body.squallDropped = dropped;
      draw();
      return;
    }
    const kept = following ? null : { min: timed()[0].scales.x.min, max: timed()[0].scales.x.max };
    moving = true;
    charts.forEach((chart, number) => chart.setData(shapes[number], !chart.squallTimed));
    moving = false;
    move(kept || whole());
  };

  // By keyboard --------------------------------------------------------------------------------------------------------
  const keys = (event) => {
    const chart = timed()[0];
    if (!chart || event.target.closest(".u-legend")) return;
    const { min, max } = chart.scales.x;
    const span = max - min;
    const all = whole();
    const shift = (by) => { const to = Math.min(Math.max(min + by, all.min), all.max - span); move({ min: to, max: to + span }); };
    const point = (by) => {
      const at = data.timeline.at_s;
      const seen = at.map((time, index) => (time >= min && time <= max ? index : -1)).filter((index) => index >= 0);
      if (!seen.length) return;
      const [first, last] = [seen[0], seen[seen.length - 1]];
      const next = chart.cursor.idx == null ? (by > 0 ? first : last) : chart.cursor.idx + by;
      const index = Math.min(Math.max(next, first), last);
      timed().forEach((each) => each.setCursor({ left: Math.max(each.valToPos(at[index], "x"), 0), top: each.over.clientHeight / 2 }));
    };
    const middle = chart.cursor.left >= 0 ? chart.posToVal(chart.cursor.left, "x") : min + span / 2;
    const actions = {
      ArrowRight: () => (event.shiftKey ? shift(span / 5) : point(1)),
      ArrowLeft: () => (event.shiftKey ? shift(-span / 5) : point(-1)),
      "+": () => move({ min: middle - (middle - min) / 1.5, max: middle + (max - middle) / 1.5 }),
      "-": () => move({ min: Math.max(all.min, middle - (middle - min) * 1.5), max: Math.min(all.max, middle + (max - middle) * 1.5) }),
      Escape: () => move(all),
    };
    if (actions[event.key]) { event.preventDefault(); actions[event.key](); }
  };
  document.querySelectorAll(".chart").forEach((chart) => chart.addEventListener("keydown", keys));
  find("whole").addEventListener("click", () => move(whole()));
  find("logarithmic").addEventListener("change", (event) => { logarithmic = event.target.checked; draw(); });

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

  // Light and dark -----------------------------------------------------------------------------------------------------
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
    charts.forEach((chart) => chart.setSize({ width: Math.min(chart.width, 680), height: 200 }));
  });
  addEventListener("afterprint", () => { if (before) root.dataset.theme = before; else delete root.dataset.theme; draw(); });

  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    charts.forEach((chart) => chart.setSize(size(chart.root.parentElement)));
  });

  // A run that goes on -------------------------------------------------------------------------------------------------
  const live = document.body.dataset.live;
  const show = (update) => {
    ["top", "tables"].forEach((part) => {
      const opened = [...find(part).querySelectorAll("details[open]")].map((each) => each.id);
      find(part).innerHTML = update[part];
      opened.forEach((id) => { if (find(id)) find(id).open = true; });
    });
    order.forEach(([column, direction], id) => { if (find(id)) sort(find(id), column, direction); });
    data = update.charts;
    refresh();
  };
  const poll = async () => {
    try {
      const answer = await fetch(live, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      const update = await answer.json();
      show(update);
      find("live").textContent = update.ended ? "ended" : "live";
      if (update.ended) return;
    } catch (error) {
      find("live").textContent = "the run has ended, or Squall cannot be reached";
      return;
    }
    poll();
  };

  draw();
  if (live) poll();
})();
