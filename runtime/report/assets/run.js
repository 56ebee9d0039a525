// The runs of the page: charts on one time axis for each.
squall.runs.forEach((run) => {
  const { colour, short, millis, plain, perSecond, bytes, clock, axis, line, fromZero, plot, remove, frame } = squall;
  const { prefix = "" } = run;
  const find = squall.finder(run);
  let data = run;
  let charts = [];
  let logarithmic = false;

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

  const wholeSeconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
  const timeAxis = () => axis({ incrs: wholeSeconds, values: (_, splits) => splits.map(clock), space: 60 });
  const add = (id, options, values, isTimed) => {
    const chart = plot(find(id), options, values);
    chart.squallTimed = isTimed;
    chart.squallValues = options.squallValues;
    charts.push(chart);
    return chart;
  };

  // Stretches in which a part of the load is missing.
  const shadeMissing = (chart) => {
    if (!data.missing) return;
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = colour("--warning") + "2b";
    data.missing.forEach(([from, until]) => {
      const left = chart.valToPos(from, "x", true);
      ctx.fillRect(left, bbox.top, Math.max(chart.valToPos(until, "x", true) - left, 1), bbox.height);
    });
    ctx.restore();
  };

  const overTime = (id, series, scales, axes, pick) =>
    add(id, {
      cursor: { sync: { key: prefix + "run" }, drag: { x: true, y: false }, bind: { dblclick: () => () => { move(whole()); } } },
      scales: { x: { time: false }, ...scales },
      axes: [timeAxis(), ...axes],
      series: [{ label: "at", value: (_, at) => clock(at) }, ...series],
      hooks: { setScale: [zoomed], drawAxes: [shadeMissing] },
      squallValues: pick,
    }, pick(), true);

  const timeScale = () => ({
    distr: logarithmic ? 3 : 1,
    range: (_, min, max) => (logarithmic ? uPlot.rangeLog(Math.max(min, 0.001), Math.max(max, 0.002), 10, false) : [0, (max || 1) * 1.05]),
  });

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
  const seriesOf = (unit) => (data.target || []).flatMap((source) =>
    source.series.filter((series) => series.unit === unit).map((series) => ({ ...series, label: data.target.length > 1 ? `${series.name}, ${source.source}` : series.name })));
  let drawnTarget;
  let drawnDropped;
  const targetShape = () => units.map(([unit]) => seriesOf(unit).length).join();
  const target = () => {
    drawnTarget = targetShape();
    find("target-charts").textContent = "";
    find("target").hidden = true;
    for (const [unit, title, text] of units) {
      if (!seriesOf(unit).length) continue;
      find("target").hidden = false;
      const place = frame(find("target-charts"), prefix + "target-" + unit, title);
      place.parentElement.addEventListener("keydown", keys);
      const colours = ["--c1", "--c2", "--c3", "--c4", "--c6", "--c5"];
      overTime("target-" + unit, seriesOf(unit).map((series, number) => line(series.label, colours[number % colours.length], text)),
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
    const rows = map.bounds_ms.map((bound) => Math.round(chart.valToPos(bound, "y", true)));
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
      cursor: { sync: { key: prefix + "run", scales: ["x", null] }, drag: { x: true, y: false }, points: { show: false }, bind: { dblclick: () => () => { move(whole()); } } },
      scales: { x: { time: false }, y: { distr: 3, range: () => [data.heat_map.bounds_ms[0], data.heat_map.bounds_ms[data.heat_map.bounds_ms.length - 1]] } },
      axes: [timeAxis(), axis({ size: 70, splits: () => data.heat_map.bounds_ms.filter((_, row) => row % 8 === 0), filter: (_, splits) => splits, values: (_, splits) => splits.map(millis) })],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { setScale: [zoomed], drawAxes: [shadeMissing, paintHeat], setCursor: [readHeat] },
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
    remove(charts);
    charts = [];
    if (!data.timeline.at_s.length) {
      ["throughput", "latency", "errors", "heat", "percentiles"].map(find).forEach((place) => { place.textContent = "Nothing was measured yet."; });
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
    if (charts.length < 5 || targetShape() !== drawnTarget || dropped !== drawnDropped || shapes.some((shape, number) => shape.length !== columns[number])) {
      drawnDropped = dropped;
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
  find("over-time").querySelectorAll(".chart").forEach((chart) => chart.addEventListener("keydown", keys));
  find("whole").addEventListener("click", () => move(whole()));
  find("logarithmic").addEventListener("change", (event) => { logarithmic = event.target.checked; draw(); });

  // Of a run that goes on, the charts as they are now.
  squall.update = (charts) => { data = charts; refresh(); };

  squall.drawers.push(draw);
});
squall.draw();
