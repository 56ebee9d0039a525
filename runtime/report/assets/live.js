// A run that goes on: its updates, and the buttons that change it.
(() => {
  const { find, clock, plain, perSecond } = squall;
  const hints = {
    none: "This page only shows the run. Start it with --control, too, and it can be stopped and changed from here.",
    stop: "This load follows its plan and can only be stopped. One that can be paused and changed is started with --executor externally-controlled.",
  };
  let status;

  const showControls = (allowed) => {
    const may = (...levels) => levels.includes(allowed);
    const isOver = status.status === "ended" || status.status === "stopping";
    find("stop").hidden = isOver || !may("stop", "vus", "rate");
    find("pause").hidden = isOver || !may("vus", "rate");
    find("scale").hidden = isOver || !may("vus", "rate");
    find("pause").textContent = status.paused ? "Resume" : "Pause";
    find("scale-unit").textContent = allowed === "rate" ? "iterations/s" : "users";
    const hint = isOver ? undefined : hints[allowed];
    find("control-hint").hidden = !hint;
    find("control-hint").textContent = hint || "";
    const load = find("load");
    // What is being typed stays.
    if (document.activeElement !== load) load.value = allowed === "rate" ? status.rate_target : status.vus_target;
    if (allowed === "vus") { load.max = status.vus_max; load.step = 1; }
  };
  const showStatus = () => {
    find("state").textContent = status.status;
    find("elapsed").textContent = clock(Math.round(status.elapsed_seconds));
    const left = status.status === "ended" ? null : status.remaining_seconds;
    find("remaining").hidden = left == null;
    find("remaining").lastElementChild.textContent = clock(Math.round(left || 0));
    const target = status.vus_target == null ? "" : ` of ${plain(status.vus_target)} asked for`;
    const rate = status.rate_target == null ? "" : `, ${perSecond(status.rate_target)} iterations offered`;
    find("users").textContent = plain(status.vus) + target + rate;
    find("progress").hidden = left == null;
    if (left != null) find("progress").value = status.elapsed_seconds / Math.max(status.elapsed_seconds + left, 0.001);
  };
  const show = (update) => {
    ({ status } = update);
    if (update.ended) status.status = "ended";
    const hasSeconds = update.charts.timeline.at_s.length > 0;
    document.body.dataset.state = update.ended ? "ended" : hasSeconds ? "running" : "waiting";
    showStatus();
    showControls(update.allowed);
    ["tiles", "judged", "tables"].forEach((part) => {
      const opened = [...find(part).querySelectorAll("details[open]")].map((each) => each.id);
      find(part).innerHTML = update[part];
      opened.forEach((id) => { if (find(id)) find(id).open = true; });
    });
    // Until then it could still change.
    if (update.ended) find("verdict").innerHTML = update.verdict;
    squall.resort();
    if (hasSeconds) squall.update(update.charts);
    find("live").textContent = update.ended ? "ended" : "live";
  };

  const answer = (text, isWrong) => {
    find("control-answer").hidden = !text;
    find("control-answer").textContent = text;
    find("control-answer").className = isWrong ? "critical state" : "faint";
  };
  const change = async (body, done) => {
    try {
      const response = await fetch("v1/status", {
        method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
      });
      const told = await response.json();
      answer(response.ok ? done : told.error, !response.ok);
    } catch (error) {
      answer("Squall cannot be reached: the run may have ended", true);
    }
  };
  find("stop").addEventListener("click", () => change({ stopped: true }, "stopping: iterations under way may end"));
  find("pause").addEventListener("click", () =>
    change({ paused: !status.paused }, status.paused ? "resumed" : "paused: no more iterations begin"));
  find("scale").addEventListener("submit", (event) => {
    event.preventDefault();
    const number = Number(find("load").value);
    const isRate = status.vus_target == null;
    find("load").blur();
    change(isRate ? { rate: `${number}/s` } : { vus: number }, `${plain(number)} ${isRate ? "iterations a second" : "users"} from now on`);
  });

  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const fetchUpdate = async () => {
    try {
      const response = await fetch("updates", { cache: "no-store" });
      return response.ok ? await response.json() : null;
    } catch (error) {
      return null;
    }
  };
  const poll = async () => {
    for (let misses = 0; misses < 3;) {
      const update = await fetchUpdate();
      if (!update) { misses += 1; await pause(500); continue; }
      misses = 0;
      show(update);
      if (update.ended) return;
    }
    find("live").textContent = "the run has ended, or Squall cannot be reached";
    find("state").textContent = "unknown";
    ["stop", "pause", "scale"].forEach((id) => { find(id).hidden = true; });
  };
  poll();
})();
