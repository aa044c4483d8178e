(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("has-script");
  const byId = (id) => document.getElementById(id);
  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const list = document.querySelector("[data-list]");
  const rows = list ? all(":scope > details", list) : [];
  const find = byId("find");
  const sort = byId("sort");
  const pills = all(".pill");
  const kinds = [...new Set(pills.map((pill) => pill.dataset.filter))];
  const tables = all("table[data-sortable]");
  const themes = ["system", "light", "dark"];

  // The view is a value, and the fragment is its text: #PLACE?key=value&...
  const start = () => ({ place: "", q: "", sort: "", theme: "system", pressed: {}, tables: {} });
  let state = start();

  const text = () => {
    const query = new URLSearchParams();
    if (state.q) query.set("q", state.q);
    for (const kind of kinds) {
      const chosen = state.pressed[kind] || [];
      if (chosen.length) query.set(kind, chosen.join(","));
    }
    if (state.sort) query.set("sort", state.sort);
    for (const table of tables) {
      if (state.tables[table.id]) query.set("by-" + table.id, state.tables[table.id]);
    }
    if (state.theme !== "system") query.set("theme", state.theme);
    const rest = query.toString();
    return state.place + (rest ? "?" + rest : "");
  };

  // A plain anchor, as links have it, keeps filters and theme.
  const read = (fragment) => {
    const mark = fragment.indexOf("?");
    const place = mark < 0 ? fragment : fragment.slice(0, mark);
    if (mark < 0) return { ...state, place };
    const query = new URLSearchParams(fragment.slice(mark + 1));
    const next = start();
    next.place = place;
    next.q = query.get("q") || "";
    for (const kind of kinds) {
      const known = new Set(pills.filter((p) => p.dataset.filter === kind).map((p) => p.dataset.value));
      next.pressed[kind] = (query.get(kind) || "").split(",").filter((value) => known.has(value));
    }
    const order = query.get("sort") || "";
    if (sort && all("option", sort).some((option) => option.value === order)) next.sort = order;
    for (const table of tables) {
      const by = query.get("by-" + table.id) || "";
      if (/^-?\d{1,2}$/.test(by)) next.tables[table.id] = by;
    }
    const theme = query.get("theme");
    if (themes.includes(theme)) next.theme = theme;
    return next;
  };

  const keep = () => {
    const fragment = text();
    const here = location.href.split("#")[0];
    history.replaceState(null, "", fragment ? here + "#" + fragment : here + "#");
  };

  const words = new WeakMap();
  const matches = (row) => {
    for (const kind of kinds) {
      const chosen = state.pressed[kind] || [];
      if (chosen.length && !chosen.includes(row.dataset[kind])) return false;
    }
    if (!state.q) return true;
    if (!words.has(row)) words.set(row, row.firstElementChild.textContent.toLowerCase());
    return state.q.toLowerCase().split(/\s+/).every((word) => words.get(row).includes(word));
  };

  const original = rows.slice();
  let sorted = "";
  const order = () => {
    if (!list || sorted === state.sort) return;
    sorted = state.sort;
    const number = (row, key) => Number(row.dataset[key]);
    const by = {
      plan: (a, b) => number(a, "index") - number(b, "index"),
      high: (a, b) => number(b, "rate") - number(a, "rate"),
      low: (a, b) => number(a, "rate") - number(b, "rate"),
    }[state.sort];
    const wanted = by ? original.slice().sort(by) : original;
    list.append(...wanted);
  };

  const filter = () => {
    let shown = 0;
    for (const row of rows) {
      const fits = matches(row);
      row.hidden = !fits;
      if (fits) shown += 1;
    }
    const isAll = shown === rows.length;
    for (const cell of all("table.matrix td[data-cell]")) {
      const row = byId(cell.dataset.cell);
      cell.classList.toggle("out", !isAll && row !== null && row.hidden);
    }
    for (const line of all("table.matrix tbody tr")) {
      const cells = all("td[data-cell]", line);
      line.hidden = cells.length > 0 && cells.every((cell) => cell.classList.contains("out"));
    }
    const status = byId("shown");
    if (status) status.textContent = isAll ? "all " + rows.length : shown + " of " + rows.length;
    for (const pill of pills) {
      const chosen = state.pressed[pill.dataset.filter] || [];
      pill.setAttribute("aria-pressed", String(chosen.includes(pill.dataset.value)));
    }
    if (find && find.value !== state.q) find.value = state.q;
    if (sort) sort.value = state.sort;
  };

  const arrange = (table) => {
    const by = state.tables[table.id];
    const column = by ? Math.abs(Number(by)) - 1 : -1;
    all("thead th", table).forEach((head, place) => {
      if (place === column) head.setAttribute("aria-sort", by.startsWith("-") ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    const lines = table.sortLines || (table.sortLines = all("tbody tr", table));
    const value = (line) => line.children[column].dataset.value ?? line.children[column].textContent;
    const wanted = lines.slice();
    if (by && lines.length && column < lines[0].children.length) {
      const sign = by.startsWith("-") ? -1 : 1;
      wanted.sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        const isNumber = x !== "" && y !== "" && !isNaN(x) && !isNaN(y);
        return sign * (isNumber ? Number(x) - Number(y) : String(x).localeCompare(String(y), "en"));
      });
    }
    table.tBodies[0].append(...wanted);
  };

  const paint = () => {
    const button = byId("theme");
    if (state.theme === "system") delete root.dataset.theme;
    else root.dataset.theme = state.theme;
    button.textContent = "Theme: " + state.theme;
  };

  const show = () => {
    paint();
    order();
    filter();
    tables.forEach(arrange);
  };

  // Opens what a link leads to, with everything around it.
  const go = () => {
    const target = state.place && byId(state.place);
    if (!target) return;
    for (let at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") {
        at.open = true;
        at.hidden = false;
      }
    }
    target.scrollIntoView({ block: "start", behavior: "instant" });
    const focus = target.tagName === "DETAILS" ? target.firstElementChild : null;
    if (focus) focus.focus({ preventScroll: true });
  };

  const fromAddress = () => {
    state = read(location.hash.slice(1));
    show();
    go();
    if (location.hash) keep();
  };

  const change = (next) => {
    state = { ...state, ...next };
    show();
    keep();
  };

  for (const pill of pills) {
    pill.addEventListener("click", () => {
      const { filter: kind, value } = pill.dataset;
      const chosen = state.pressed[kind] || [];
      const next = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
      change({ pressed: { ...state.pressed, [kind]: next } });
    });
  }
  if (find) find.addEventListener("input", () => change({ q: find.value }));
  if (sort) sort.addEventListener("change", () => change({ sort: sort.value }));
  const reset = byId("reset");
  if (reset) reset.addEventListener("click", () => change({ q: "", sort: "", pressed: {}, place: "" }));
  byId("theme").addEventListener("click", () => {
    change({ theme: themes[(themes.indexOf(state.theme) + 1) % themes.length] });
  });
  for (const row of rows) {
    row.addEventListener("toggle", () => {
      if (row.open && state.place !== row.id && !row.querySelector("#" + CSS.escape(state.place || "-"))) {
        state.place = row.id;
        keep();
      } else if (!row.open && state.place === row.id) {
        state.place = "";
        keep();
      }
    });
  }
  for (const table of tables) {
    all("thead th", table).forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sorter";
      button.textContent = head.textContent;
      head.textContent = "";
      head.append(button);
      button.addEventListener("click", () => {
        const now = state.tables[table.id];
        const column = String(place + 1);
        const next = now === column ? "-" + column : now === "-" + column ? "" : column;
        change({ tables: { ...state.tables, [table.id]: next } });
      });
    });
  }
  for (const command of all(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy the command");
    button.addEventListener("click", async () => {
      const code = command.querySelector("code");
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    command.append(button);
  }
  addEventListener("hashchange", () => {
    if (location.hash.slice(1) !== text()) fromAddress();
  });
  fromAddress();
})();
