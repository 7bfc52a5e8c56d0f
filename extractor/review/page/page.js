
const at = (id) => document.getElementById(id);
const embedded = (id) => JSON.parse(at(id).textContent);
const served = at("index") === null;
const CHUNK = 100, OPEN = 12, BLOCK = 4000, WHOLE = 200_000, PAGES = 6;
const TIERS = { exact: "exact", normalised: "normalised", fuzzy: "fuzzy", choice: "a choice", page: "from a picture", none: "not in source" };
const MEANINGS = { choice: "One of the values that the schema lists, or a flag: the source need not print it.", page: "Read from a picture: there is no text to point at.",
  none: "This value was not found in the source." };
const STATES = { accept: "accepted", correct: "corrected", missing: "added", invented: "not in document" };
const NUMERIC = ["decimal", "integer", "number"];

/* ---- text and elements */

/* Characters that would hide or reorder others are shown for what they are. */
const visible = (text) => String(text).replace(/\r\n?/g, "\n")
  .replace(/[\u0000-\u0008\u000b-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0))).replace(/\u007f/g, "\u2421")
  .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (c) => "\u27e8U+" + c.charCodeAt(0).toString(16).toUpperCase() + "\u27e9");

function make(tag, classes, text, inside = []) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  if (text !== undefined && text !== null) element.textContent = visible(text);
  element.append(...inside);
  return element;
}

function act(text, key, run, classes = "act") {
  const button = make("button", classes, text, key ? [make("kbd", "", key)] : []);
  button.type = "button";
  if (key) button.setAttribute("aria-keyshortcuts", key);
  button.onclick = run;
  return button;
}

const number = (value) => Number(value).toLocaleString("en");
const many = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
const percent = (share) => `${(100 * share).toFixed(2)}%`;
const percentage = (share) => share === null || share === undefined ? "" : `${Math.round(share * 100)} %`;
const money = (cost) => cost === null || cost === undefined ? "price unknown" : "$" + cost.toFixed(cost && cost < 0.1 ? 5 : 2);
const column = (pointer) => pointer.replace(/\/\d+(?=\/|$)/g, "/*");
const title = (pointer) => column(pointer).slice(1).replaceAll("/*", "[]").replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");
const within = (pointer, above) => pointer === above || pointer.startsWith(above + "/") || above === "";
const placed = (row) => row.places ?? [];
const declared = (pointer) => index.fields[column(pointer)] ?? {};

function say(text) {
  at("status").textContent = visible(text);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => at("status").replaceChildren(), 4000);
}

/* Numbers in order as ranges: 1-3, 7. */
function ranges(numbers) {
  const found = [];
  for (const one of [...new Set(numbers)].sort((a, b) => a - b))
    if (found.at(-1)?.[1] === one - 1) found.at(-1)[1] = one; else found.push([one, one]);
  return found.map(([low, high]) => low === high ? low : `${low}\u2013${high}`).join(", ");
}

/* ---- where documents come from: the server, or this file, which stores steps in the browser and exports them */

async function fetched(path, options) {
  let response;
  try { response = await fetch(path, options); } catch { throw new Error("the server has stopped: start `extractor review` again"); }
  const answer = await response.json().catch(() => ({ error: response.statusText }));
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

const query = (fields) => new URLSearchParams(fields).toString();

const server = {
  index: () => fetched("index"),
  document: (line) => fetched("document?" + query({ name: line.name })),
  page: (line, page) => fetched("page?" + query({ name: line.name, page: page ?? 0 })),
  find: async (field, text) => new Map(Object.entries(await fetched("find?" + query({ field, text })))),
  step: (request) => fetched("step", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(request) }),
};

const file = {
  key: "extractor-review:" + location.pathname,
  steps: [],
  index: () => {
    try { file.steps = JSON.parse(localStorage.getItem(file.key)) ?? []; } catch { file.steps = []; }
    const found = embedded("index");
    found.documents.forEach((line, place) => { line.place = place; });
    found.documents.filter((line) => file.of(line).length).forEach((line) => Object.assign(line, file.document(line).line));
    return found;
  },
  of: (line) => file.steps.filter((step) => step.document === line.name && step.version === line.version),
  document: (line) => patched(embedded(`document-${line.place}`), { ...line }, file.of(line)),
  page: (line, page) => {
    const found = (embedded(`document-${line.place}`).pictures ?? []).find((one) => (one.page ?? 0) === (page ?? 0));
    if (!found) throw new Error("this page is not part of the file");
    return found;
  },
  find: (field, text) => {
    const wanted = text.toLowerCase();
    const hits = (line) => file.document(line).fields.filter((row) => typeof row.value === "string" && (!field || column(row.path) === field) && row.value.toLowerCase().includes(wanted));
    return new Map(index.documents.map((line) => [line.name, [...new Set(hits(line).map((row) => row.value))].join(", ").slice(0, 200)]).filter(([, found]) => found));
  },
  step: (request) => {
    const line = lines.get(request.document), { step, ...rest } = request;
    for (const [path, text] of request.fields ? Object.entries(request.fields).map(([below, text]) => [request.path + below, text]) : [[request.path, request.text]]) wrong(path, text);
    if (request.action === "undo") file.steps = file.steps.filter((one) => one.id !== step);
    else file.steps.push({ id: crypto.randomUUID?.() ?? String(Math.random()), ...rest });
    try { localStorage.setItem(file.key, JSON.stringify(file.steps)); } catch { say("This browser stores nothing for files: export the corrections before you leave the page."); }
    return file.document(line);
  },
};

const documents = served ? server : file;

/* What a schema can be held to without the server, which checks the rest when the corrections are taken in. */
function wrong(path, text) {
  const { kind, choices } = declared(path);
  const fits = { integer: /^[-+]?\d+$/, number: /^[-+]?\d*\.?\d+(e[-+]?\d+)?$/i, decimal: /^[-+]?\d*\.?\d+$/, date: /^\d{4}-\d\d-\d\d$/, boolean: /^(true|false)$/ }[kind];
  if (text && ((fits && !fits.test(text.trim())) || (choices && !choices.map(String).includes(text)))) throw new Error(`${text} is not a ${choices ? "choice" : kind} @ ${path}`);
}

/* A document of the file with the steps of this browser. */
function patched(found, line, steps) {
  for (const step of steps) {
    let row = found.fields.find((one) => one.path === step.path);
    const values = step.fields ? Object.entries(step.fields).map(([below, text]) => [step.path + below, text]) : step.text === undefined ? [] : [[step.path, step.text]];
    if (!row && step.action === "missing") row = inserted(found.fields, step, values);
    if (row) Object.assign(row, { state: step.action, step: step.id, was: row.value });
    for (const [path, text] of values) {
      const leaf = found.fields.find((one) => one.path === path && one.holds === undefined);
      if (leaf) Object.assign(leaf, { value: text === "" ? null : text, places: undefined, tier: undefined, confidence: undefined, flagged: undefined });
    }
    if (row && step.action === "invented" && row.holds === undefined && !/\/\d+$/.test(row.path)) row.value = null;
  }
  const reviewed = steps.map((step) => step.path);
  for (const row of found.fields) if (row.flagged && reviewed.some((path) => within(row.path, path))) delete row.flagged;
  const flags = found.fields.filter((row) => row.flagged).length, status = reviewed.includes("") ? "ok" : line.status;
  const own = steps.map(({ id, action, path }) => ({ id, action, path }));
  Object.assign(line, { flags, status, flagged: flags > 0 || status !== "ok", reviewed: new Set([...found.steps, ...own].map((step) => step.path)).size,
    corrected: line.corrected || steps.some((step) => step.action !== "accept") });
  return { ...found, line, steps: [...found.steps, ...own], stale: found.stale ?? [] };
}

function inserted(fields, step, values) {
  const above = step.path.slice(0, step.path.lastIndexOf("/")), list = fields.findIndex((row) => row.path === above);
  if (list < 0) return null;
  let end = list + 1;
  while (end < fields.length && fields[end].depth > fields[list].depth) end++;
  const depth = fields[list].depth + 1, name = String(++fields[list].holds);
  const row = step.fields ? { name, path: step.path, depth, holds: values.length, list: false } : { name, path: step.path, depth, value: null };
  fields.splice(end, 0, row, ...(step.fields ? values.map(([path]) => ({ name: path.slice(step.path.length + 1), path, depth: depth + 1, value: null })) : []));
  return row;
}

/* ---- the list of documents */

const index = await documents.index();
const lines = new Map(index.documents.map((line) => [line.name, line]));
const FILTERS = { all: () => true, flagged: (line) => line.flagged, ok: (line) => line.status === "ok", partial: (line) => line.status === "partial",
  failed: (line) => line.status === "failed", reviewed: (line) => line.reviewed > 0, corrected: (line) => line.corrected };
const RANK = { failed: 0, partial: 1, ok: 2 };
const COLUMNS = {
  document: { text: (line) => line.name, order: (line) => line.name },
  status: { text: (line) => line.status, order: (line) => RANK[line.status] ?? 3 },
  flagged: { order: (line) => -line.flags },
  confidence: { text: (line) => percentage(line.confidence), order: (line) => line.confidence, classes: "num less" },
  values: { text: (line) => number(line.values), order: (line) => line.values, classes: "num less" },
  cost: { text: (line) => line.usage.cost_usd === null || line.usage.cost_usd === undefined ? "" : money(line.usage.cost_usd), order: (line) => line.usage.cost_usd, classes: "num less" },
};
let filter = "all", sorting = { name: "", down: false }, hits = null, view = index.documents, drawn = 0;

function totals() {
  const sum = (of) => index.documents.reduce((total, line) => total + (of(line) ?? 0), 0);
  const unknown = index.documents.some((line) => line.usage.cost_usd === null || line.usage.cost_usd === undefined);
  const facts = { documents: number(index.documents.length), flagged: number(index.documents.filter(FILTERS.flagged).length), reviewed: number(index.documents.filter(FILTERS.reviewed).length),
    values: number(sum((line) => line.values)), tokens: number(sum((line) => (line.usage.prompt_tokens ?? 0) + (line.usage.completion_tokens ?? 0))), cost: money(unknown ? null : sum((line) => line.usage.cost_usd)) };
  at("totals").replaceChildren(...Object.entries(facts).map(([name, fact]) => make("div", "", null, [make("dt", "", name), make("dd", "", fact)])));
  at("filters").replaceChildren(...Object.entries(FILTERS).map(([name, test]) => [name, index.documents.filter(test).length]).filter(([name, count]) => count || name === filter).map(([name, count]) => {
    const button = make("button", "", `${name} ${number(count)}`);
    button.dataset.filter = name;
    button.setAttribute("aria-pressed", String(name === filter));
    button.onclick = () => { filter = name; list(); };
    return button;
  }));
}

const numeric = (text) => /^[-+]?\d[\d.]*$/.test(text) ? Number(text) : null;

function compared(one, other) {
  if (one === null || one === undefined || one === "") return other === null || other === undefined || other === "" ? 0 : 1;
  if (other === null || other === undefined || other === "") return -1;
  if (typeof one === "string" && numeric(one) !== null && numeric(other) !== null) return numeric(one) - numeric(other);
  return typeof one === "string" ? one.localeCompare(other, "en", { numeric: true }) : one - other;
}

/* Flagged documents come first, until a column is sorted by. */
function list() {
  const text = at("search").value.trim().toLowerCase(), below = Number(at("doubt").value) || 2, { name, down } = sorting;
  const wanted = (line) => FILTERS[filter](line) && (below > 1 || (line.confidence ?? 2) < below) && (!hits || hits.has(line.name) || (text && !at("field").value && line.name.toLowerCase().includes(text)));
  view = index.documents.filter(wanted);
  const order = name === "found" ? (line) => hits?.get(line.name) : COLUMNS[name]?.order ?? ((line) => line.flagged ? 0 : 1);
  const of = new Map(view.map((line) => [line, order(line)]));
  view.sort((one, other) => compared(of.get(one), of.get(other)) * (down && of.get(one) !== undefined && of.get(other) !== undefined ? -1 : 1));
  totals();
  heads();
  at("documents").tBodies[0].replaceChildren();
  drawn = 0;
  draw();
}

function heads() {
  const found = hits && { found: { text: (line) => hits.get(line.name) ?? "", classes: kind_of_found() } };
  const cells = Object.entries({ ...COLUMNS, ...found }).map(([name, about]) => {
    const sort = act(name === "found" ? title(at("field").value) || "found" : name, "", () => { sorting = { name, down: sorting.name === name && !sorting.down }; list(); }, "");
    const cell = make("th", about.classes ?? "", null, [sort]);
    cell.scope = "col";
    if (sorting.name === name) cell.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    return cell;
  });
  at("documents").tHead.replaceChildren(make("tr", "", null, cells));
}

const kind_of_found = () => NUMERIC.includes(index.fields[at("field").value]?.kind) ? "found num" : "found";

/* Rows are made as they come into sight. */
function draw() {
  const body = at("documents").tBodies[0];
  body.querySelector(".rest")?.remove();
  body.append(...view.slice(drawn, drawn + CHUNK).map(entry));
  drawn = Math.min(view.length, drawn + CHUNK);
  if (drawn < view.length) body.append(rest(view.length - drawn, draw));
  else if (!view.length) body.append(make("tr", "", null, [make("td", "empty", index.documents.length ? "No document is like that." : "This run read no documents.")]));
}

const sight = new IntersectionObserver((entries) => entries.filter((one) => one.isIntersecting).forEach((one) => one.target.firstElementChild.firstElementChild.click()), { rootMargin: "600px" });

function rest(count, run, after = true) {
  const cell = make("td", "", null, [act(after ? `${number(count)} more` : `${number(count)} before`, "", run, "more")]);
  cell.colSpan = 99;
  const row = make("tr", "rest", null, [cell]);
  if (after) sight.observe(row);
  return row;
}

function entry(line) {
  const link = make("a", "", line.name);
  link.href = address(line);
  link.title = visible(line.name);
  const cells = Object.entries(COLUMNS).slice(1).map(([name, about]) => {
    if (name === "status") return make("td", "", null, [make("span", `status ${line.status}`, line.status)]);
    if (name !== "flagged") return make("td", about.classes, about.text(line));
    const badges = [...(line.flags ? [make("span", "flags", `${number(line.flags)} flagged`)] : []), ...(line.reviewed ? [make("span", "done", line.flagged ? `${number(line.reviewed)} reviewed` : line.corrected ? "corrected" : "accepted")] : [])];
    return make("td", "", null, badges.flatMap((badge, place) => place ? [" ", badge] : [badge]));
  });
  if (hits) cells.push(make("td", kind_of_found(), hits.get(line.name) ?? ""));
  const name = make("th", "", null, [link]);
  name.scope = "row";
  const row = make("tr", "", null, [name, ...cells]);
  row.onclick = () => { location.hash = address(line); };
  return row;
}

const address = (line) => "#" + encodeURIComponent(line.name.toWellFormed?.() ?? line.name);

let searches = 0;
async function search() {
  const mine = ++searches, field = at("field").value, text = at("search").value.trim();
  try {
    const found = field || text ? await documents.find(field, text) : null;
    if (mine === searches) { hits = found; list(); }
  } catch (error) { say(error.message); }
}

/* ---- one document */

let current = null, doc = null, fields = [], leaves = [], lit = [], owners = new Map(), marks = new Map(), chosen = null, place = 0, editing = null;
let sheet = null, pages = new Map(), paged = false;

async function route() {
  let name = "";
  try { name = decodeURIComponent(location.hash.slice(1)); } catch { /* an address that somebody typed */ }
  const line = lines.get(name) ?? (index.documents.length === 1 ? index.documents[0] : null);
  if (line) return open(line);
  const left = current;
  current = doc = null;
  at("reader").hidden = true;
  at("overview").hidden = false;
  document.body.classList.remove("reading");
  list();
  legend();
  if (left) focusEntry(left);
}

function focusEntry(line) {
  while (drawn <= view.indexOf(line) && drawn < view.length) draw();
  at("documents").tBodies[0].rows[view.indexOf(line)]?.querySelector("a")?.focus();
}

async function open(line) {
  let found;
  try { found = await documents.document(line); } catch (error) { return say(error.message); }
  current = line;
  chosen = null; editing = null; sheet = null; pages = new Map();
  at("overview").hidden = true;
  at("reader").hidden = false;
  document.body.classList.add("reading");
  at("name").textContent = visible(line.name);
  at("name").title = visible(line.name);
  if (!view.includes(line)) view = index.documents;
  const rank = view.indexOf(line);
  at("position").textContent = `${number(rank + 1)} of ${number(view.length)}`;
  at("previous").disabled = rank === 0;
  at("next").disabled = rank === view.length - 1;
  at("back").hidden = index.documents.length === 1;
  take(found);
  source();
  at("record").scrollTop = 0;
  at("name").focus({ preventScroll: true });
  legend();
}

/* Show what is known of the document now; the source stays as it is. */
function take(found) {
  const path = chosen?.path, top = at("record").scrollTop;
  doc = { ...doc, ...found };
  if (found.line) { Object.assign(current, found.line); totals(); }
  fields = doc.fields;
  leaves = [];
  fields.forEach((row, rank) => { row.index = rank; if (row.holds === undefined) row.leaf = leaves.push(row) - 1; });
  owners = new Map(fields.flatMap((row) => placed(row).filter((one) => one.mark !== undefined).map((one) => [one.mark, row])));
  record();
  chosen = null;
  const same = path !== undefined && (fields.find((row) => row.path === path) ?? null);
  at("record").scrollTop = top;
  if (same) select(same); else actions();
}

function record() {
  const line = current, usage = line.usage;
  const facts = [many(line.values, "value"), many(line.chunks, "chunk"), many(line.attempts, "request"), ...(line.repairs ? [many(line.repairs, "repair")] : []),
    `${number(usage.prompt_tokens ?? 0)} tokens in, ${number(usage.completion_tokens ?? 0)} out`, money(usage.cost_usd)];
  const badges = [make("span", `status ${line.status}`, line.status), ...(line.flags ? [" ", make("span", "flags", `${number(line.flags)} flagged`)] : []), ...(line.reviewed ? [" ", make("span", "done", line.corrected ? "corrected" : "accepted")] : [])];
  const about = make("p", "facts", null, [...badges, "  \u00b7  " + facts.join("  \u00b7  ")]);
  const problems = doc.problems.map((one) => make("li", "", one.message, [" ", make("code", "", one.path)]));
  problems.push(...doc.stale.map((step) => make("li", "", `A step of the review has no place here any more: ${STATES[step.action]}`, [" ", make("code", "", step.path)])));
  const rows = make("div", "rows");
  branch(rows, 0, fields.length, 0, OPEN);
  if (!fields.length) rows.append(make("p", "empty", "No value was extracted."));
  at("record").replaceChildren(about, ...(problems.length ? [make("ul", "problems", null, problems)] : []), rows);
}

function end_of(rank) {
  let end = rank + 1;
  while (end < fields.length && fields[end].depth > fields[rank].depth) end++;
  return end;
}

/* Rows [low, high) that lie at `depth`, `count` of them; what is deeper waits inside a fold until it is opened. */
function branch(parent, low, high, depth, count) {
  for (let rank = low; rank < high;) {
    const row = fields[rank], end = row.holds === undefined ? rank + 1 : end_of(rank);
    parent.append(row.holds === undefined ? leaf(row) : fold(row, rank + 1, end, count));
    rank = end;
  }
}

function fold(row, low, high, siblings) {
  const flags = fields.slice(low, high).filter((one) => one.flagged).length;
  const hint = row.list ? many(row.holds, "item") : fields.slice(low, high).filter((one) => typeof one.value === "string").slice(0, 2).map((one) => one.value).join("  \u00b7  ");
  const summary = make("summary", "", null, [make("span", "name", row.name), make("span", "hint", hint)]);
  if (flags) summary.append(make("span", "flags", `${number(flags)} flagged`));
  if (row.state) summary.append(make("span", "done", STATES[row.state]));
  const details = make("details", "", null, [summary]);
  row.fill = () => {
    row.fill = () => {};
    const items = row.list && row.holds ? rows_of(low, high) : null;
    if (items) details.append(table(row, items)); else branch(details, low, high, row.depth + 1, row.list ? row.holds : OPEN);
  };
  row.element = summary;
  row.details = details;
  summary.onclick = () => select(row);
  details.ontoggle = () => { if (details.open) row.fill(); };
  details.open = row.list || siblings <= OPEN;
  if (details.open) row.fill();
  return details;
}

/* The items of a list, if each of them is an object. */
function rows_of(low, high) {
  const items = [];
  for (let rank = low; rank < high; rank = end_of(rank)) {
    if (fields[rank].holds === undefined || fields[rank].list) return null;
    items.push(rank);
  }
  return items;
}

/* What an item has: its leaves by their pointer below it, and the lists in it. */
function cells_of(item) {
  const row = fields[item], cells = new Map(), nested = [];
  for (let rank = item + 1, end = end_of(item); rank < end;) {
    if (fields[rank].list) { nested.push(rank); rank = end_of(rank); continue; }
    if (fields[rank].holds === undefined) cells.set(fields[rank].path.slice(row.path.length), fields[rank]);
    rank++;
  }
  return { row, cells, nested };
}

function table(list, items) {
  const columns = [...new Set(items.slice(0, 1000).flatMap((item) => [...cells_of(item).cells.keys()]))];
  const sample = items.slice(0, 50).map((item) => cells_of(item).cells);
  const is_number = (below) => NUMERIC.includes(declared(list.path + "/0" + below).kind ?? "number") && sample.every((cells) => /^[-+]?\d[\d.,]*(e[-+]?\d+)?$/i.test(cells.get(below)?.value ?? 0));
  const numbers = new Set(columns.filter(is_number));
  const heads = [make("th", "num", "#"), ...columns.map((below) => make("th", numbers.has(below) ? "num" : "", title(below)))];
  heads.forEach((cell) => { cell.scope = "col"; });
  const body = make("tbody"), whole = make("table", "", null, [make("caption", "", title(list.path)), make("thead", "", null, [make("tr", "", null, heads)]), body]);
  let low = 0, high = 0;
  const fill = (from, to) => {
    body.querySelectorAll(":scope > .rest").forEach((one) => one.remove());
    const made = items.slice(from, to).flatMap((item) => line_of(item, columns, numbers));
    if (from < low) body.prepend(...made); else body.append(...made);
    low = Math.min(low, from);
    high = Math.max(high, Math.min(to, items.length));
    if (low) body.prepend(rest(low, () => fill(Math.max(0, low - CHUNK), low), false));
    if (high < items.length) body.append(rest(items.length - high, () => fill(high, high + CHUNK)));
  };
  /* Only the surroundings of a row that is far away are made. */
  list.reach = (rank) => {
    const item = items.findLastIndex((one) => one <= rank);
    if (item >= low && item < high) return;
    body.replaceChildren();
    low = high = Math.max(0, item - CHUNK / 2);
    fill(low, low + CHUNK);
  };
  fill(0, CHUNK);
  return make("div", "items", null, [whole]);
}

function line_of(item, columns, numbers) {
  const { row, cells, nested } = cells_of(item), gone = row.state === "invented" ? "gone" : "";
  const head = make("th", "num", null, [cell(row, row.name, row.path)]);
  head.scope = "row";
  const own = columns.map((below) => make("td", numbers.has(below) ? "num" : "", null, cells.has(below) ? [cell(cells.get(below), null, below)] : []));
  const lines = [make("tr", gone, null, [head, ...own])];
  if (nested.length) {
    const inner = make("td", "nest");
    inner.colSpan = columns.length + 1;
    for (const rank of nested) branch(inner, rank, end_of(rank), fields[rank].depth, OPEN + 1);
    lines.push(make("tr", gone, null, [inner]));
  }
  return lines;
}

function cell(row, text, below) {
  const button = make("button", "cell" + (row.flagged ? " flag" : "") + changed(row), null, [text === null ? value(row) : make("span", "value", text)]);
  button.title = visible([row.tier && TIERS[row.tier], row.confidence !== undefined && percentage(row.confidence), row.state && STATES[row.state]].filter(Boolean).join(", "));
  button.setAttribute("aria-label", visible(`${text === null ? title(below) : "item " + text} ${row.value ?? ""}${row.flagged ? ", flagged" : ""}${row.state ? ", " + STATES[row.state] : ""}`));
  button.onclick = () => choose(row);
  row.element = button;
  return button;
}

const changed = (row) => row.state === "accept" ? " accepted" : row.state ? " changed" : "";

function value(row) {
  const was = row.state && row.state !== "accept" && row.was !== null && row.was !== undefined && row.was !== row.value ? [make("s", "", row.was)] : [];
  const text = row.value === null ? "nothing" : row.value === undefined ? "" : row.value === "" ? "\u201c\u201d" : row.value;
  return make("span", "value" + (row.value === null ? " null" : ""), null, [...was, visible(text)]);
}

function leaf(row) {
  const found = ranges(placed(row).map((one) => one.page).filter(Boolean));
  const state = row.state ? make("span", "done", STATES[row.state]) : row.tier ? make("span", `tier ${row.tier}${row.flagged ? " flag" : ""}`, TIERS[row.tier], found ? [make("b", "", `, p. ${found}`)] : []) : make("span");
  state.title = row.state ? "" : MEANINGS[row.tier] ?? "";
  const gone = row.state === "invented" && row.value !== null ? " gone" : "";
  const button = make("button", "row" + gone + changed(row), null, [make("span", "name", row.name), value(row), state, make("span", "confidence", row.state ? "" : percentage(row.confidence))]);
  button.title = visible(row.path);
  button.onclick = () => choose(row);
  row.element = button;
  return button;
}

/* ---- the source: pages as pictures, and the text */

function source() {
  marks = new Map();
  const own = fields.flatMap((row) => placed(row).map((one) => one.page ?? 0));
  const pictured = doc.pictures ?? [];
  paged = served ? doc.paged || fields.some((row) => row.tier === "page" || placed(row).some((one) => one.box)) : pictured.length > 0;
  const text = doc.pieces === null ? null : make("div", "text");
  if (text) text.append(...blocks(doc.pieces));
  const tabs = make("div", "tabs");
  tabs.id = "tabs";
  const frame = make("div", "frame"), notes = [];
  frame.id = "frame";
  if (doc.unseen) notes.push(make("p", "facts", doc.unseen));
  if (!served && !paged && own.some(Boolean)) notes.push(make("p", "facts", "Pages as pictures: `extractor review OUT` draws them, `extractor report OUT --pictures` puts them into this file."));
  if (!text && !paged) notes.push(make("p", "empty", "The text of this document was not stored."));
  if (text) text.tabIndex = 0;
  at("source").replaceChildren(tabs, ...notes, ...(paged ? [frame] : []), ...(text ? [text] : []));
  const first = own.filter(Boolean).sort((a, b) => a - b)[0] ?? pictured[0]?.page ?? (doc.paged ? 1 : 0);
  if (paged) turn_to(first);
  side(paged ? "page" : "text");
}

/* The source with the marks that a step has added, where it was being looked at. */
function marked() {
  const which = at("source").dataset.side, page = sheet, text = () => at("source").querySelector(".text"), top = text()?.scrollTop;
  pages = new Map();
  source();
  if (paged && page !== null) turn_to(page);
  side(which);
  if (text()) text().scrollTop = top;
}

function side(which) {
  const text = at("source").querySelector(".text");
  if (text) text.hidden = which !== "text";
  if (at("frame")) at("frame").hidden = which !== "page";
  at("source").dataset.side = which;
  tabs();
}

function tabs() {
  const which = at("source").dataset.side, text = at("source").querySelector(".text"), both = paged && text;
  const tab = (name) => { const button = act(name === "page" ? "Pages" : "Text", "", () => side(name), ""); button.setAttribute("aria-pressed", String(which === name)); return button; };
  const inside = both ? [tab("page"), tab("text")] : [make("span", "", paged ? "Pages" : "Text")];
  if (which === "page" && sheet !== null) {
    const known = served ? pages.get(sheet)?.pages ?? 0 : 0, others = served ? [] : (doc.pictures ?? []).map((one) => one.page ?? 0);
    const before = served ? (sheet > 1 ? sheet - 1 : null) : others[others.indexOf(sheet) - 1] ?? null, after = served ? (sheet && sheet < known ? sheet + 1 : null) : others[others.indexOf(sheet) + 1] ?? null;
    const step = (sign, to, name, key) => { const button = act(sign, "", () => turn_to(to), ""); button.setAttribute("aria-label", name); button.setAttribute("aria-keyshortcuts", key); button.disabled = to === null; return button; };
    inside.push(step("\u2039", before, "Page before", "["), make("span", "", sheet ? `Page ${number(sheet)}${known ? ` of ${number(known)}` : ""}` : "Picture"), step("\u203a", after, "Next page", "]"));
  } else if (text) {
    inside.push(make("span", "", doc.length === null ? "" : many(doc.length, "character")), make("span", "legend", null, Object.entries(TIERS).slice(0, 3).map(([tier, word]) => make("span", `tier ${tier}`, word))));
  }
  at("tabs").replaceChildren(...inside);
}

function turn(by) {
  const button = at("tabs")?.querySelector(by < 0 ? "[aria-label='Page before']" : "[aria-label='Next page']");
  if (button && !button.disabled) button.click();
}

/* Show one page; a place on it stands out. */
async function turn_to(page, wanted) {
  const line = current;
  sheet = page;
  tabs();
  let found = pages.get(page);
  if (!found) {
    if (served) at("frame").replaceChildren(make("p", "empty", "The page is being drawn."));
    try { found = await documents.page(line, page); } catch (error) { found = { wrong: error.message }; }
    if (current !== line) return;
    pages.set(page, found);
    if (pages.size > PAGES) pages.delete(pages.keys().next().value);
  }
  if (sheet !== page) return;
  tabs();
  if (found.wrong) return at("frame").replaceChildren(make("p", "empty", found.wrong));
  const image = make("img");
  Object.assign(image, { width: found.width, height: found.height, alt: page ? `Page ${page}` : "Picture", src: found.data });
  const own = fields.flatMap((row) => placed(row).filter((one) => (one.page ?? 0) === (page ?? 0)).map((one) => [row, one]));
  const drawn_at = new Map();
  for (const [mark, ...sides] of found.boxes ?? []) drawn_at.set(mark, [...(drawn_at.get(mark) ?? []), sides]);
  const boxes = own.flatMap(([row, one]) => (one.box ? [one.box] : drawn_at.get(one.mark) ?? []).map((sides) => box(row, one, sides, one === wanted)));
  const paper = make("div", "paper" + (wanted && !boxes.some((one) => one.classList.contains("on")) ? " on" : ""), null, [image, ...boxes]);
  at("frame").replaceChildren(paper);
  const target = paper.querySelector(".box.on");
  if (target) at("frame").scrollTop = target.offsetTop - at("frame").clientHeight / 2;
}

function box(row, one, [left, top, right, bottom], on) {
  const element = make("button", `box ${row.tier}${on ? " on" : ""}`);
  Object.assign(element.style, { left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
  element.title = visible(row.path);
  element.setAttribute("aria-label", visible(`${title(row.path)} ${row.value ?? ""}`));
  element.tabIndex = -1;
  element.onclick = () => choose(row, one);
  return element;
}

/* The text in blocks that end at a line's end. The browser lays out those in sight, and of a long text only those that came into sight are made. */
function blocks(pieces) {
  const made = [[]];
  let length = 0;
  for (const piece of pieces) {
    if (typeof piece !== "string") { made.at(-1).push(piece); length += piece[0]?.length ?? 0; continue; }
    for (let from = 0; from < piece.length;) {
      const line = piece.indexOf("\n", from + Math.max(0, BLOCK - length)), to = line < 0 ? piece.length : line + 1;
      made.at(-1).push(piece.slice(from, to));
      length += to - from;
      if (line >= 0) { made.push([]); length = 0; }
      from = to;
    }
  }
  return made.map((own) => {
    const block = make("div", "block"), lines = own.reduce((count, piece) => count + (typeof piece === "number" ? 2 : (Array.isArray(piece) ? piece[0] : piece).split("\n").length - 1), 0);
    block.fill = () => { block.fill = () => {}; block.style.minHeight = ""; block.append(...own.map(written)); };
    for (const piece of own) if (Array.isArray(piece)) for (const mark of piece[1]) { const at_mark = marks.get(mark); if (!at_mark) marks.set(mark, [block]); else if (at_mark.at(-1) !== block) at_mark.push(block); }
    block.style.minHeight = `${lines * 1.7}em`;
    if (doc.length < WHOLE) block.fill(); else nearby.observe(block);
    return block;
  });
}

const nearby = new IntersectionObserver((entries) => entries.filter((one) => one.isIntersecting).forEach((one) => { nearby.unobserve(one.target); one.target.fill(); }), { rootMargin: "1500px" });

function written(piece) {
  if (typeof piece === "number") return make("span", "cut", `${many(piece, "character")} left out here`);
  if (!Array.isArray(piece)) return visible(piece);
  const [text, numbers] = piece, rows = numbers.map((mark) => owners.get(mark)).filter(Boolean), element = make("mark", rows[0]?.tier ?? "old", text);
  element.title = visible(rows.map((row) => row.path).join("\n"));
  element.numbers = numbers;
  return element;
}

/* The pieces of the text that a mark is. */
function pieces_of(mark) {
  const own = marks.get(mark) ?? [];
  own.forEach((block) => block.fill());
  return own.flatMap((block) => [...block.children].filter((element) => element.numbers?.includes(mark)));
}

at("source").addEventListener("click", (event) => {
  const element = event.target.closest("mark");
  if (!element || String(getSelection())) return;
  const rows = element.numbers.map((mark) => owners.get(mark)).filter(Boolean), next = rows[(rows.indexOf(chosen) + 1) % rows.length];
  if (next) choose(next, placed(next).find((one) => element.numbers.includes(one.mark)));
});

/* What is selected in the source is what the field that is being edited should say. */
at("source").addEventListener("pointerup", () => {
  const text = String(getSelection()).trim();
  if (text && editing?.last) { editing.last.value = text; editing.last.focus(); }
});

/* ---- one value */

/* Choose a value and show its place in the source; choosing it once more shows its next place. */
function choose(row, wanted) {
  const places = placed(row);
  place = wanted ? places.indexOf(wanted) : row === chosen ? (place + 1) % Math.max(1, places.length) : 0;
  select(row);
  const one = places[place];
  if (!one) return;
  if (at("source").dataset.side === "page" && (doc.paged || one.page || one.box || row.tier === "page")) turn_to(one.page ?? 0, one);
  const target = !wanted && pieces_of(one.mark)[0];
  if (target && at("source").dataset.side === "text") center(target, 3);
}

function select(row) {
  for (const element of lit) element.classList.remove("on");
  if (editing && editing.row !== row) editing = null;
  chosen = row;
  reveal(row);
  row.element?.scrollIntoView({ block: "nearest", inline: "nearest" });
  lit = [row.element, ...placed(row).flatMap((one) => pieces_of(one.mark))].filter(Boolean);
  for (const element of lit) element.classList.add("on");
  if (!editing) actions();
}

/* Blocks that come into sight get their true height, which moves what stands below: look again. */
function center(target, tries) {
  target.scrollIntoView({ block: "center" });
  if (tries > 0) requestAnimationFrame(() => center(target, tries - 1));
}

/* Open every fold above a row, outermost first: their rows exist only then. */
function reveal(row) {
  const above = [];
  for (let rank = row.index - 1, depth = row.depth; rank >= 0 && depth > 0; rank--)
    if (fields[rank].depth < depth) { above.unshift(fields[rank]); depth = fields[rank].depth; }
  for (const one of above) { one.fill?.(); if (one.details) one.details.open = true; one.reach?.(row.index); }
}

function step(by) {
  const next = chosen ? leaves[chosen.leaf === undefined ? leaves.findIndex((row) => row.index > chosen.index) : chosen.leaf + by] : leaves[0];
  if (next) { choose(next); next.element?.focus({ preventScroll: true }); }
}

/* The next flagged value; after the last one, the next flagged document. */
async function next_flagged() {
  const from = chosen ? chosen.index + 1 : 0, next = doc && fields.slice(from).find((row) => row.flagged);
  if (next) return choose(next);
  const rank = current ? view.indexOf(current) : -1, around = [...view.slice(rank + 1), ...view.slice(0, Math.max(0, rank))];
  const line = around.find(FILTERS.flagged);
  if (!line) return say(fields.some((row) => row.flagged) ? "No other document is flagged." : "Nothing is flagged any more.");
  history.replaceState(null, "", address(line));
  await open(line);
  const first = fields.find((row) => row.flagged);
  if (first) choose(first);
}

/* ---- the review of a value */

const latest = () => doc?.steps.at(-1);

function actions() {
  const row = chosen, undo = act("Undo", "u", () => send({ action: "undo", step: latest().id }));
  undo.disabled = !latest();
  undo.title = latest() ? visible(`${STATES[latest().action]} ${latest().path || "the document"}`) : "";
  const whole = act("Accept document", "A", accept_all, "act main");
  const about = make("p", "about");
  if (!row) {
    about.append("Choose a value to accept or correct it.");
    const own = fields.length ? [] : [act("Enter its value", "e", () => edit("missing", { path: "", name: "the document", holds: 0, list: true }))];
    return at("actions").replaceChildren(about, ...own, undo, whole);
  }
  about.append(visible(title(row.path)), " ", make("b", "", row.holds === undefined ? row.value ?? "nothing" : row.list ? many(row.holds, "item") : ""), row.state ? `  \u00b7  ${STATES[row.state]}` : row.tier ? `  \u00b7  ${TIERS[row.tier]}` : "", declared(row.path).description ? visible(`  \u00b7  ${declared(row.path).description}`) : "");
  const blank = row.holds === undefined && row.value === null && row.state !== "invented", list = list_of(row);
  at("actions").replaceChildren(about,
    act("Accept", "a", () => send({ action: "accept", path: row.path })),
    act(blank ? "Missing: enter it" : "Correct", "e", () => edit(blank ? "missing" : "correct", row)),
    ...(blank ? [] : [act("Not in document", "x", () => send({ action: "invented", path: row.path }))]),
    ...(list ? [act("Add row", "m", () => add(list))] : []), undo, whole);
}

const accept_all = () => send({ action: "accept", path: "" });

/* The innermost list that a row is, or is part of. */
function list_of(row) {
  if (row.list) return row;
  for (let rank = row.index - 1, depth = row.depth; rank >= 0 && depth > 0; rank--)
    if (fields[rank].depth < depth) { depth = fields[rank].depth; if (fields[rank].list) return fields[rank]; }
  return null;
}

function add(list) {
  const declared_below = Object.keys(index.fields).filter((field) => field.startsWith(column(list.path) + "/*/") && !field.slice(column(list.path).length + 3).includes("/*")).map((field) => field.slice(column(list.path).length + 2));
  const last = rows_of(list.index + 1, end_of(list.index))?.at(-1), seen = last === undefined ? [] : [...cells_of(last).cells.keys()];
  edit("missing", { path: `${list.path}/${list.holds}`, name: String(list.holds + 1), below: declared_below.length ? declared_below : seen });
}

/* What can be typed for a row: one text, one for each field of an object, or JSON. */
function inputs_of(row) {
  if (row.below?.length) return row.below.map((below) => [below, "", row.path + below]);
  if (row.holds === undefined || row.below) return [[null, row.value ?? "", row.path]];
  const { cells, nested } = row.list ? { cells: new Map(), nested: [row] } : cells_of(row.index);
  return cells.size && !nested.length ? [...cells].map(([below, one]) => [below, one.value ?? "", one.path]) : [[null, JSON.stringify(tree(row), null, 1), row.path]];
}

/* A row as JSON: numbers as they were written. */
function tree(row) {
  if (row.holds === undefined) return row.number || ["true", "false"].includes(row.value) ? JSON.rawJSON?.(row.value) ?? JSON.parse(row.value) : row.value;
  const inner = [];
  if (row.index !== undefined) for (let rank = row.index + 1, end = end_of(row.index); rank < end; rank = fields[rank].holds === undefined ? rank + 1 : end_of(rank)) inner.push([fields[rank].name, tree(fields[rank])]);
  return row.list && row.path ? inner.map(([, one]) => one) : Object.fromEntries(inner);
}

function edit(action, row) {
  const found = inputs_of(row), selected = String(getSelection()).trim(), here = at("source").contains(getSelection().anchorNode);
  const made = found.map(([below, text, path]) => {
    const { choices, description, kind } = declared(path), json = below === null && row.holds !== undefined;
    const input = choices ? make("select", "", null, ["", ...choices.map(String)].map((choice) => { const option = make("option", "", choice); option.value = choice; return option; })) : make(json ? "textarea" : "input");
    input.value = here && selected && found.length === 1 && !json ? selected : text;
    if (NUMERIC.includes(kind)) input.inputMode = "decimal";
    input.onfocus = () => { if (editing) editing.last = input; };
    const label = make("label", json ? "wide" : "", `${below === null ? title(row.path) || "the document" : title(below)}${kind ? ` (${kind})` : ""}`, [input]);
    label.title = visible(description ?? "");
    return { below, input, label };
  });
  const form = make("form", "edit", null, made.map((one) => one.label)), fault = make("p", "wrong"), save = make("button", "act main", "Save");
  fault.setAttribute("role", "alert");
  form.append(save, act("Cancel", "Escape", close), fault);
  form.onsubmit = (event) => {
    event.preventDefault();
    const fields_typed = Object.fromEntries(made.map((one) => [one.below, one.input.value]));
    send({ action, path: row.path, ...(made.length === 1 && made[0].below === null ? { text: made[0].input.value } : { fields: fields_typed }) }, fault);
  };
  editing = { row, form, last: made[0].input };
  at("actions").replaceChildren(form);
  chosen?.element?.scrollIntoView({ block: "nearest" });
  made[0].input.focus();
  made[0].input.select?.();
}

function close() {
  editing = null;
  actions();
  chosen?.element?.focus({ preventScroll: true });
}

/* Every step is stored before the page shows it. */
async function send(request, fault) {
  const line = current;
  if (request.action === "undo" && !request.step) return;
  try {
    const found = await documents.step({ document: line.name, version: line.version, ...request });
    if (current !== line) return Object.assign(line, found.line);
    const focused = at("record").contains(document.activeElement) || at("actions").contains(document.activeElement);
    editing = null;
    take(found);
    if (found.pieces) { marked(); if (chosen) select(chosen); }
    const added = request.action === "missing" && fields.find((row) => row.path === request.path);
    if (added) select(added);
    if (focused) (chosen?.element ?? at("name")).focus({ preventScroll: true });
    exports();
    say(request.action === "undo" ? "Undone." : `${request.path ? title(request.path) : "The document"}: ${STATES[request.action]}.`);
  } catch (error) {
    if (fault) fault.textContent = visible(error.message); else say(error.message);
  }
}

/* ---- what leaves the page */

function exports() {
  const link = (text, name, href) => { const element = make("a", "", text); element.href = href; element.download = name; return element; };
  if (served) return at("exports").childElementCount || at("exports").replaceChildren(link("Gold", "gold.jsonl", "gold.jsonl"), link("Corrected records", "records.jsonl", "records.jsonl"));
  const text = file.steps.map(({ id, ...step }) => JSON.stringify(step) + "\n").join("");
  const save = act(`Export ${many(file.steps.length, "correction")}`, "", () => {
    const made = link("", "corrections.jsonl", URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" })));
    made.click();
    URL.revokeObjectURL(made.href);
  });
  save.disabled = !text;
  at("exports").replaceChildren(save);
}

/* ---- the keyboard */

function legend() {
  const keys = doc ? [["j", "k", "document"], ["\u2193", "\u2191", "value"], ["f", "next flagged"], ["Enter", "next place"], ["a", "accept"], ["e", "correct"], ["x", "not in document"], ["m", "add row"], ["u", "undo"], ["A", "accept document"], ["t", "pages or text"], ["[", "]", "page"], ["Esc", "back"]]
    : [["/", "find"], ["\u2193", "\u2191", "document"], ["Enter", "open"], ["f", "next flagged"]];
  document.querySelector("footer").replaceChildren(...keys.map((each) => make("span", "", null, [...each.slice(0, -1).map((key) => make("kbd", "", key)), ` ${each.at(-1)}`])));
}

function turn_document(by) {
  const next = view[view.indexOf(current) + by];
  if (next) location.hash = address(next);
}

const back = () => { if (index.documents.length > 1) location.hash = ""; };

function walk(by) {
  const rows = [...at("documents").tBodies[0].rows], now = rows.indexOf(document.activeElement.closest("tr"));
  rows[Math.max(0, now + by)]?.querySelector("a, button")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) {
    if (event.key === "Escape") { if (editing) close(); else event.target.blur(); event.preventDefault(); }
    return;
  }
  const press = (name) => [...at("actions").querySelectorAll("button")].find((button) => button.getAttribute("aria-keyshortcuts") === name && !button.disabled)?.click();
  const keys = doc ? { j: () => turn_document(1), k: () => turn_document(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1), f: next_flagged, Enter: () => chosen && choose(chosen),
    a: () => press("a"), e: () => press("e"), x: () => press("x"), m: () => press("m"), u: () => press("u"), A: () => press("A"), "[": () => turn(-1), "]": () => turn(1),
    t: () => paged && at("source").querySelector(".text") && side(at("source").dataset.side === "page" ? "text" : "page"), Escape: () => editing ? close() : back() }
    : { f: next_flagged, "/": () => at("search").focus(), ArrowDown: () => walk(1), ArrowUp: () => walk(-1), j: () => walk(1), k: () => walk(-1) };
  if (!(event.key in keys) || (event.key === "Enter" && document.activeElement.closest("button, summary, a"))) return;
  event.preventDefault();
  keys[event.key]();
});

/* ---- the beginning */

at("run").textContent = visible([index.run.schema, index.run.model, index.run.finished?.slice(0, 16).replace("T", " "), index.run.stopped, index.typed === false ? "no schema: corrections are not checked" : ""].filter(Boolean).join("  \u00b7  "));
at("field").append(...[["", "any field"], ...index.columns.map((field) => [field, title(field)])].map(([field, text]) => { const option = make("option", "", text); option.value = field; return option; }));
at("field").onchange = search;
at("doubt").onchange = list;
let typing;
at("search").oninput = () => { clearTimeout(typing); typing = setTimeout(search, 150); };
at("back").onclick = back;
at("previous").onclick = () => turn_document(-1);
at("next").onclick = () => turn_document(1);
addEventListener("hashchange", route);
if (served) addEventListener("focus", async () => {  // steps of another tab
  if (!doc || editing) return;
  const line = current;
  try { const found = await server.document(line); if (current === line && !editing && JSON.stringify(found.steps) !== JSON.stringify(doc.steps)) take(found); } catch { /* the next step tells */ }
});
exports();
await route();
