// A search for the highest rate that holds: what each rate came to, with the answer and the knee marked.
(() => {
  const { find, data, colour, millis, perSecond, axis, line, fromZero, plot, remove } = squall;
  const { rates, answer, knee } = data.search;
  if (!rates.length) return;
  const at = rates.map(({ rate }) => rate);
  let charts = [];

  const marks = (chart) => {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.lineWidth = 1.5 * devicePixelRatio;
    [[answer.holds, "--good", []], [answer.fails, "--critical", []], [knee, "--c6", [4, 4]]].forEach(([rate, name, dash]) => {
      if (rate == null) return;
      const left = Math.round(chart.valToPos(rate, "x", true));
      ctx.strokeStyle = colour(name);
      ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
      ctx.beginPath();
      ctx.moveTo(left, bbox.top);
      ctx.lineTo(left, bbox.top + bbox.height);
      ctx.stroke();
    });
    ctx.restore();
  };
  const word = (rate) => (rate === answer.holds ? " (holds)" : rate === answer.fails ? " (does not hold)" : rate === knee ? " (the knee)" : "");
  const one = (id, text, series, values) => {
    const room = (at[at.length - 1] - at[0] || at[0]) * 0.05;
    const chart = plot(find(id), {
      cursor: { sync: { key: "rate" }, drag: { x: false, y: false } },
      scales: { x: { time: false, range: () => [Math.max(0, at[0] - room), at[at.length - 1] + room] }, y: fromZero },
      axes: [axis({ values: (_, splits) => splits.map(perSecond), space: 70 }), axis({ size: 70, values: (_, splits) => splits.map(text) })],
      series: [{ label: "rate", value: (_, rate) => (rate == null ? "–" : perSecond(rate) + word(rate)) }, ...series],
      hooks: { draw: [marks] },
    }, [at, ...values]);
    charts.push(chart);
  };
  const points = { points: { show: true, size: 6 } };
  const figures = (name) => rates.map((each) => each[name] ?? each.figures[name] ?? null);

  document.querySelectorAll("#by-rate .chart").forEach((place, number) => place.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.target.closest(".u-legend")) return;
    event.preventDefault();
    const chart = charts[number];
    const from = chart.cursor.idx ?? (by > 0 ? -1 : at.length);
    const next = Math.min(Math.max(from + by, 0), at.length - 1);
    charts.forEach((each) => each.setCursor({ left: each.valToPos(at[next], "x"), top: each.over.clientHeight / 2 }));
  }));
  squall.drawers.push(() => {
    remove(charts);
    charts = [];
    const times = [["p50", "--c2"], ["p95", "--c1"], ["p99", "--c3"]];
    one("rate-times", millis, times.map(([name, shade]) => line(name, shade, millis, points)), times.map(([name]) => figures(name + "_ms")));
    one("rate-throughput", perSecond, [line("requests", "--c1", perSecond, points)], [figures("requests_per_second")]);
  });
})();
