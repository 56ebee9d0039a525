// The history of a load: a chart for each figure, a point for each run; levels, changes, and another environment.
squall.runs.forEach((run) => {
  const { colour, millis, perSecond, axis, line, fromZero, plot, remove, frame } = squall;
  const { prefix = "", trend } = run;
  if (!trend) return;
  const find = squall.finder(run);
  const texts = { ms: millis, per_second: perSecond };
  const kinds = { regression: ["--critical", "regression"], improved: ["--good", "improved"], early_warning: ["--warning", "early warning"] };
  // The day, and where the axis stays on one, the time.
  const label = (run, place, splits) => {
    const [here, before] = [trend.runs[run]?.began, trend.runs[splits[place - 1]]?.began];
    if (!here) return "";
    return before && before.slice(0, 10) === here.slice(0, 10) ? here.slice(11, 16) : here.slice(0, 10);
  };
  const date = (began) => began.replace("T", " ").replace("Z", " UTC");
  let charts = [];

  // The level of each run, as a line that breaks where it changes.
  const levels = (figure) => {
    const values = trend.runs.map(() => null);
    figure.levels.forEach(({ first, last, mean }) => { for (let run = first; run <= last; run += 1) values[run] = mean; });
    return values;
  };
  const steps = (figure) => (chart, series, from, to) => {
    const path = new Path2D();
    const at = (value, scale) => chart.valToPos(value, scale, true);
    figure.levels.filter(({ first, last }) => last >= from && first <= to).forEach(({ first, last, mean }) => {
      path.moveTo(at(first - 0.4, "x"), at(mean, "y"));
      path.lineTo(at(last + 0.4, "x"), at(mean, "y"));
    });
    return { stroke: path };
  };
  // A line where the level changed, and a mark on the axis where the environment did.
  const marks = (figure) => (chart) => {
    const { ctx, bbox } = chart;
    const dots = devicePixelRatio;
    const place = (run) => Math.round(chart.valToPos(run - 0.5, "x", true));
    ctx.save();
    ctx.lineWidth = 1.5 * dots;
    figure.changes.forEach(({ run, kind }) => {
      ctx.strokeStyle = colour(kinds[kind][0]);
      ctx.setLineDash(kind === "early_warning" ? [3 * dots, 4 * dots] : []);
      ctx.beginPath();
      ctx.moveTo(place(run), bbox.top);
      ctx.lineTo(place(run), bbox.top + bbox.height);
      ctx.stroke();
    });
    ctx.fillStyle = colour("--c6");
    trend.runs.forEach(({ environment }, run) => {
      if (!environment.length) return;
      const [left, foot, wide] = [chart.valToPos(run, "x", true), bbox.top + bbox.height, 5 * dots];
      ctx.beginPath();
      ctx.moveTo(left - wide, foot);
      ctx.lineTo(left + wide, foot);
      ctx.lineTo(left, foot - 2 * wide);
      ctx.fill();
    });
    ctx.restore();
  };
  const describe = (figure, run) => {
    if (run == null) return "";
    const text = texts[figure.unit];
    const value = figure.values[run];
    const { id, began, environment } = trend.runs[run];
    const changes = figure.changes.filter((change) => change.run === run)
      .map(({ kind, change, p }) => `${kinds[kind][1]}: ${change > 0 ? "+" : ""}${(change * 100).toFixed(1)}% (p ${p.toFixed(4)})`);
    const others = environment.length ? ["another environment: " + environment.join("; ")] : [];
    return [id, date(began), value == null ? "too few samples" : text(value), ...changes, ...others].join(" · ");
  };

  const one = (figure, number) => {
    const text = texts[figure.unit];
    const place = frame(find("trend-charts"), prefix + "trend-" + number, figure.name);
    const readout = document.createElement("div");
    readout.className = "readout";
    readout.setAttribute("role", "status");
    place.after(readout);
    const last = trend.runs.length - 1;
    const chart = plot(place, {
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 9 } },
      scales: { x: { time: false, range: () => [-0.6, last + 0.6] }, y: fromZero },
      axes: [
        axis({ incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], space: 90, values: (_, splits) => splits.map(label) }),
        axis({ size: 70, values: (_, splits) => splits.map(text) }),
      ],
      series: [{}, line("level", "--c5", text, { width: 2, dash: [7, 5], paths: steps(figure), points: { show: false } }),
        line(figure.name, "--c1", text, { points: { show: true, size: 6, fill: colour("--c1") } })],
      hooks: {
        draw: [marks(figure)],
        setCursor: [(chart) => { readout.textContent = describe(figure, chart.cursor.idx); }],
      },
    }, [trend.runs.map((_, run) => run), levels(figure), figure.values]);
    place.parentElement.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      const from = chart.cursor.idx ?? (by > 0 ? -1 : last + 1);
      const run = Math.min(Math.max(from + by, 0), last);
      chart.setCursor({ left: chart.valToPos(run, "x"), top: chart.over.clientHeight / 2 });
    });
    charts.push(chart);
  };

  squall.drawers.push(() => {
    remove(charts);
    charts = [];
    find("trend-charts").textContent = "";
    trend.figures.forEach(one);
  });
});
