(() => {
  "use strict";
  document.documentElement.classList.add("js");
  const find = (id) => document.getElementById(id);
  const table = find("findings");
  const data = find("report");
  const download = find("download");
  if (download && data) {
    download.addEventListener("click", () => {
      const url = URL.createObjectURL(new Blob([data.textContent], { type: "application/json" }));
      const link = document.createElement("a");
      link.href = url;
      link.download = "auditor-report.json";
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    });
  }
  if (!table) return;

  const bodies = [...table.tBodies];
  const texts = new Map(bodies.map((body) => [body, body.textContent.toLowerCase()]));
  const names = ["text", "severity", "category", "status", "target"];
  const controls = Object.fromEntries(names.map((name) => [name, find("filter-" + name)]));

  const matches = (body) => {
    const { severity, category, status, target, text } = controls;
    const data = body.dataset;
    const open = data.status === "fail" || data.status === "error";
    return (
      (!severity.value || data.severity === severity.value) &&
      (!category.value || data.category === category.value) &&
      (!status.value || (status.value === "open" ? open : data.status === status.value)) &&
      (!target.value || JSON.parse(data.targets).includes(target.value)) &&
      text.value.toLowerCase().split(/\s+/).every((word) => texts.get(body).includes(word))
    );
  };

  const filter = () => {
    let shown = 0;
    for (const body of bodies) {
      body.hidden = !matches(body);
      shown += body.hidden ? 0 : 1;
    }
    find("count").textContent = shown + " of " + bodies.length + " shown";
  };

  const toggle = (body, open) => {
    body.classList.toggle("open", open);
    body.querySelector(".what").setAttribute("aria-expanded", String(open));
  };

  const sort = (button) => {
    const head = button.closest("th");
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = button.dataset.key;
    const order = new Intl.Collator("en", { numeric: true });
    const value = (body) => body.dataset[key];
    bodies.sort((one, two) => {
      const compared = order.compare(value(one), value(two)) || Number(one.dataset.at) - Number(two.dataset.at);
      return up ? compared : -compared;
    });
    table.append(...bodies);
  };

  for (const name of names) controls[name].addEventListener("input", filter);
  table.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.classList.contains("sort")) sort(button);
    else if (button.classList.contains("what")) {
      const body = button.closest("tbody");
      toggle(body, !body.classList.contains("open"));
    }
  });
  find("expand").addEventListener("click", (event) => {
    const open = event.target.getAttribute("aria-pressed") !== "true";
    event.target.setAttribute("aria-pressed", String(open));
    event.target.textContent = open ? "Collapse all" : "Expand all";
    for (const body of bodies) toggle(body, open);
  });
  find("reset").addEventListener("click", () => {
    for (const name of names) controls[name].value = "";
    filter();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      controls.text.focus();
    }
  });
  filter();
})();
