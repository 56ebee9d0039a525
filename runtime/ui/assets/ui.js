// The form that starts a test, and the stage of the latest test.
(() => {
  const { find } = squall;
  const form = find("start");
  const submit = form.querySelector("button");
  const field = (name) => form.elements.namedItem(name);

  // Only what works with the test can be chosen.
  const fit = () => {
    const option = field("test").selectedOptions[0];
    const isComponent = option.value !== "" && !("plan" in option.dataset);
    [...field("kind").options].filter((kind) => "type" in kind.dataset).forEach((kind) => { kind.disabled = !isComponent; });
    if (field("kind").selectedOptions[0].disabled) field("kind").value = "";
    field("target").required = option.value === "";
    find("max-users").hidden = field("kind").value !== "adjustable";
  };
  ["test", "kind"].forEach((name) => field(name).addEventListener("change", fit));
  fit();

  const complain = (text) => {
    find("start-error").hidden = !text;
    find("start-error").textContent = text || "";
  };
  const sentences = {
    preparing: () => "is being prepared…",
    running: () => "goes on",
    ended: (told) => told.sentence,
    failed: (told) => told.sentence,
  };
  const show = (told) => {
    const isBusy = told.stage === "preparing" || told.stage === "running";
    submit.disabled = isBusy;
    find("current").hidden = told.stage === "idle";
    find("current-name").textContent = told.test || "";
    find("current-link").hidden = told.stage === "preparing" || told.stage === "failed";
    find("current-text").textContent = (sentences[told.stage] || (() => ""))(told);
    find("current-text").className = told.stage === "failed" ? "critical state" : "";
    return isBusy;
  };
  const stage = async () => {
    try {
      return await (await fetch("state", { cache: "no-store" })).json();
    } catch (error) {
      return null;
    }
  };
  // `follow`: whether to go to the dashboard as soon as there is one.
  const watch = async (follow) => {
    for (;;) {
      const told = await stage();
      if (!told) { complain("Squall cannot be reached: it has ended"); submit.disabled = true; return; }
      if (follow && told.stage === "running") { location.href = "run/"; return; }
      if (!show(told)) return;
      await new Promise((done) => setTimeout(done, 300));
    }
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    complain("");
    submit.disabled = true;
    const body = Object.fromEntries(new FormData(form));
    let error = "Squall cannot be reached: it has ended";
    try {
      const response = await fetch("start", {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
      });
      error = response.ok ? "" : (await response.json()).error;
    } catch (failure) { /* the sentence says so */ }
    submit.disabled = false;
    complain(error);
    if (!error) watch(true);
  });
  watch(false);
})();
