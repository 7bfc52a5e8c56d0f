
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const at = (id) => document.getElementById(id);
const { documents, run, totals } = read("index");
const UNSURE = 0.7, OPEN = 12, MANY = 2000, BLOCK = 4000;
const TIERS = { exact: "exact", normalised: "normalised", fuzzy: "fuzzy", choice: "a choice", page: "from a picture", none: "not in source" };
const MEANINGS = { choice: "One of the values that the schema lists, or a flag: the source need not print it.", page: "Read from a picture: there is no text to point at.",
  none: "This value was not found in the source." };
let pictures = [], boxes = new Map(), sheet = null;
let filter = "all", current = -1, fields = [], marks = new Map(), chosen = null, place = 0;

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

const number = (value) => Number(value).toLocaleString("en");
const many = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
const percent = (share) => `${(100 * share).toFixed(2)}%`;
const money = (cost) => cost === null || cost === undefined ? "price unknown" : "$" + cost.toFixed(cost && cost < 0.1 ? 5 : 2);
const flagged = (row) => row.flagged === true;
const unsure = (row) => row.sure !== undefined && row.sure < UNSURE;
const placed = (row) => row.places ?? [];

/* Numbers in order as ranges: 1-3, 7. */
function ranges(numbers) {
  const found = [];
  for (const one of [...new Set(numbers)].sort((a, b) => a - b))
    if (found.at(-1)?.[1] === one - 1) found.at(-1)[1] = one; else found.push([one, one]);
  return found.map(([low, high]) => low === high ? low : `${low}\u2013${high}`).join(", ");
}

/* ---- the top and the list of documents */

function top() {
  const tokens = `${number(totals.prompt_tokens)} in, ${number(totals.completion_tokens)} out`;
  const facts = { documents: number(documents.length), values: number(totals.values), "flagged values": number(totals.flags),
    requests: number(totals.attempts), repairs: number(totals.repairs), tokens, cost: money(totals.cost_usd) };
  at("run").textContent = visible([run.schema, run.model, run.finished, run.stopped].filter(Boolean).join("  \u00b7  "));
  at("totals").append(...Object.entries(facts).map(([name, fact]) => make("div", "", null, [make("dt", "", name), make("dd", "", fact)])));
  const counts = { all: documents.length, ...totals.statuses, flagged: totals.flagged };
  at("filters").append(...Object.entries(counts).filter(([, count]) => count).map(([name, count]) => {
    const button = make("button", "", `${name} ${number(count)}`);
    button.dataset.filter = name;
    button.onclick = () => { filter = name; list(); };
    return button;
  }));
}

function entry(line, index) {
  const flags = line.flags ? [make("span", "flags", `${line.flags} flagged`)] : [];
  const about = `${line.status}  \u00b7  ${many(line.values, "value")}  \u00b7  ${money(line.usage.cost_usd)}`;
  const button = make("button", "", null, [make("span", `dot ${line.status}`), make("span", "name", line.name), ...flags, make("span", "about", about)]);
  button.title = visible(line.name);
  button.onclick = () => open(index);
  return button;
}

function shown(line) {
  const wanted = filter === "all" || line.status === filter || (filter === "flagged" && line.flags > 0);
  return wanted && line.name.toLowerCase().includes(at("search").value.toLowerCase());
}

function list() {
  for (const button of at("filters").children) button.setAttribute("aria-pressed", String(button.dataset.filter === filter));
  documents.forEach((line, index) => { at("list").children[index].hidden = !shown(line); });
}

/* ---- one document */

function open(index) {
  if (index < 0 || index >= documents.length) return;
  at("list").children[current]?.removeAttribute("aria-current");
  current = index;
  const button = at("list").children[index];
  button.setAttribute("aria-current", "true");
  button.scrollIntoView({ block: "nearest" });
  history.replaceState(null, "", `#${index + 1}`);
  const found = read(`document-${index}`);
  chosen = null;
  record(documents[index], found);
  source(found);
}

function record(line, found) {
  const facts = [many(line.values, "value"), many(line.chunks, "chunk"), many(line.attempts, "request"), ...(line.repairs ? [many(line.repairs, "repair")] : []),
    `${number(line.usage.prompt_tokens ?? 0)} tokens in, ${number(line.usage.completion_tokens ?? 0)} out`, money(line.usage.cost_usd)];
  const about = make("p", "facts", null, [make("span", `status ${line.status}`, line.status), "  \u00b7  " + facts.join("  \u00b7  ")]);
  const problems = found.problems.map((one) => make("li", "", one.message, [" ", make("code", "", one.path)]));
  fields = found.fields;
  fields.forEach((row, index) => { row.index = index; });
  const rows = make("div", "rows");
  branch(rows, 0, fields.length, 0, OPEN);
  if (!fields.length) rows.append(make("p", "empty", "No value was extracted."));
  at("record").replaceChildren(make("h2", "", line.name), about, ...(problems.length ? [make("ul", "problems", null, problems)] : []), rows);
  at("record").scrollTop = 0;
}

/* Rows [low, high) that lie at `depth`, `count` of them; what is deeper waits inside a fold until it is opened. */
function branch(parent, low, high, depth, count) {
  for (let index = low; index < high;) {
    let end = index + 1;
    while (end < high && fields[end].depth > depth) end++;
    parent.append(fields[index].holds === undefined ? leaf(fields[index]) : fold(fields[index], index + 1, end, count));
    index = end;
  }
}

function fold(row, low, high, siblings) {
  const inside = fields.slice(low, high), flags = inside.filter(flagged).length;
  const first = inside.filter((one) => one.value !== undefined && one.value !== null).slice(0, 2).map((one) => one.value).join("  \u00b7  ");
  const hint = row.list ? many(row.holds, "item") : first;
  const summary = make("summary", "", null, [make("span", "name", row.name), make("span", "hint", hint)]);
  if (flags) summary.append(make("span", "flags", `${flags} flagged`));
  const details = make("details", "", null, [summary]);
  row.fill = () => { row.fill = () => {}; branch(details, low, high, row.depth + 1, row.list ? row.holds : OPEN); };
  row.element = details;
  details.ontoggle = () => row.fill();
  details.open = siblings <= OPEN && row.holds <= MANY;
  if (details.open) row.fill();
  return details;
}

function leaf(row) {
  const value = row.value === null ? make("span", "value null", "nothing") : make("span", "value", row.value === "" ? "\u201c\u201d" : row.value);
  const pages = ranges(placed(row).map((one) => one.page).filter(Boolean));
  const tier = row.tier ? make("span", `tier ${row.tier}`, TIERS[row.tier] + (pages ? `, p. ${pages}` : "")) : make("span");
  tier.title = MEANINGS[row.tier] ?? "";
  const sure = make("span", "sure" + (flagged(row) || unsure(row) ? " low" : ""), row.sure === undefined ? "" : `${Math.round(row.sure * 100)} %`);
  const button = make("button", "row", null, [make("span", "name", row.name), value, tier, sure]);
  button.title = visible(row.path);
  button.onclick = () => choose(row);
  row.element = button;
  return button;
}

function source(found) {
  marks = new Map();
  const owners = new Map(fields.flatMap((row) => placed(row).filter((one) => one.mark !== undefined).map((one) => [one.mark, row])));
  const head = [make("h2", "", "Source"), make("p", "facts", found.length === null ? "" : many(found.length, "character")), ...viewer(found)];
  at("source").classList.toggle("pictured", pictures.length > 0);
  at("source").replaceChildren(...head, ...(found.pieces === null ? absent() : written(found.pieces, owners)));
  at("source").scrollTop = 0;
  picture(0);
}

function absent() {
  const scan = fields.some((row) => row.tier === "page");
  return pictures.length ? [] : [make("p", "empty", scan ? "There is no text in this document." : "The text of this document was not kept.")];
}

function written(pieces, owners) {
  const legend = make("p", "legend", null, Object.entries(TIERS).slice(0, 3).map(([tier, word]) => make("span", `tier ${tier}`, word)));
  const text = make("div", "text");
  text.append(...blocks(pieces, owners));
  return [legend, text];
}

/* The pictures that values were read from, one at a time, with a box around each value that has one. */
function viewer(found) {
  pictures = found.pictures ?? [];
  boxes = new Map(pictures.map((picture) => [picture.page ?? 0, []]));
  let read = false;
  for (const row of fields) for (const one of placed(row)) {
    read ||= Boolean(one.box) || row.tier === "page";
    if (one.box) boxes.get(one.page ?? 0)?.push([row, one]);
  }
  const notes = found.pictures ? found.unseen : read ? "Values were read from pictures: `extractor report OUT --pictures` shows them here." : "";
  const about = notes ? [make("p", "facts", notes)] : [];
  if (!pictures.length) return about;
  const turner = (sign, by, name) => {
    const button = make("button", "", sign);
    button.setAttribute("aria-label", name);
    button.onclick = () => picture(pictures.indexOf(sheet) + by);
    return button;
  };
  const bar = make("div", "bar", null, [turner("\u2039", -1, "Picture before"), make("span", "page"), turner("\u203a", 1, "Next picture")]);
  const frame = make("div", "frame");
  frame.id = "frame";
  bar.id = "bar";
  return [...about, bar, frame];
}

/* Show one picture; a place on it stands out. */
function picture(index, place) {
  if (!pictures[index]) return;
  sheet = pictures[index];
  const image = make("img");
  Object.assign(image, { width: sheet.width, height: sheet.height, alt: "", src: "data:image/jpeg;base64," + sheet.data });
  const paper = make("div", "paper" + (place && !place.box ? " on" : ""), null, [image, ...boxes.get(sheet.page ?? 0).map(([row, one]) => box(row, one, one === place))]);
  at("bar").children[1].textContent = (sheet.page ? `Page ${sheet.page}` : "Picture") + (pictures.length > 1 ? `  \u00b7  ${index + 1} of ${pictures.length}` : "");
  at("bar").children[0].disabled = index === 0;
  at("bar").children[2].disabled = index === pictures.length - 1;
  at("frame").replaceChildren(paper);
  at("frame").scrollTop = (paper.querySelector(".box.on")?.offsetTop ?? 0) - at("frame").clientHeight / 2;
}

function box(row, one, on) {
  const [left, top, right, bottom] = one.box, element = make("button", `box ${row.tier}${on ? " on" : ""}`);
  Object.assign(element.style, { left: percent(left), top: percent(top), width: percent(right - left), height: percent(bottom - top) });
  element.title = visible(row.path);
  element.onclick = () => choose(row, one);
  return element;
}

/* The text in blocks that end at a line's end, so that the browser lays out only those in sight. */
function blocks(pieces, owners) {
  const made = [make("div", "block")];
  let length = 0;
  const add = (node, size) => { made[made.length - 1].append(node); length += size; };
  for (const piece of pieces) {
    if (typeof piece === "number") { add(make("span", "cut", `${many(piece, "character")} left out here`), 0); continue; }
    if (Array.isArray(piece)) { add(marked(piece, owners), piece[0].length); continue; }
    for (let from = 0; from < piece.length;) {
      const line = piece.indexOf("\n", from + Math.max(0, BLOCK - length)), to = line < 0 ? piece.length : line + 1;
      add(visible(piece.slice(from, to)), to - from);
      if (line >= 0) { made.push(make("div", "block")); length = 0; }
      from = to;
    }
  }
  return made;
}

function marked([text, numbers], owners) {
  const rows = numbers.map((mark) => owners.get(mark)).filter(Boolean);
  const element = make("mark", rows[0]?.tier ?? "exact", text);
  element.title = visible(rows.map((row) => row.path).join("\n"));
  element.onclick = () => { const next = rows[(rows.indexOf(chosen) + 1) % rows.length]; if (next) choose(next, next.places.find((one) => numbers.includes(one.mark))); };
  for (const mark of numbers) marks.set(mark, [...(marks.get(mark) ?? []), element]);
  return element;
}

/* ---- one value */

function choose(row, wanted) {
  const places = placed(row);
  place = wanted ? places.indexOf(wanted) : row === chosen ? (place + 1) % Math.max(1, places.length) : 0;
  for (const element of document.querySelectorAll(".on")) element.classList.remove("on");
  chosen = row;
  reveal(row);
  row.element.classList.add("on");
  row.element.scrollIntoView({ block: "nearest" });
  for (const one of places) for (const element of marks.get(one.mark) ?? []) element.classList.add("on");
  if (!places[place]) return;
  picture(pictures.findIndex((one) => (one.page ?? 0) === (places[place].page ?? 0)), places[place]);
  const target = !wanted && marks.get(places[place].mark)?.[0];
  if (target) center(target, 3);
}

/* Blocks that come into sight get their true height, which moves what stands below: look again. */
function center(target, tries) {
  target.scrollIntoView({ block: "center" });
  if (tries > 0) requestAnimationFrame(() => center(target, tries - 1));
}

/* Open every fold above a row, outermost first: their rows exist only then. */
function reveal(row) {
  const above = [];
  for (let index = row.index - 1, depth = row.depth; index >= 0 && depth > 0; index--)
    if (fields[index].depth < depth) { above.unshift(fields[index]); depth = fields[index].depth; }
  for (const fold of above) { fold.fill?.(); fold.element.open = true; }
}

function step(by, wanted = (row) => row.element?.checkVisibility() ?? false) {
  const leaves = fields.filter((row) => row.holds === undefined && (row === chosen || wanted(row)));
  const next = leaves[leaves.indexOf(chosen) + by] ?? (chosen ? null : leaves[0]);
  if (next) choose(next);
}

/* ---- the keyboard */

function turn(by) {
  for (let index = current + by; index >= 0 && index < documents.length; index += by)
    if (shown(documents[index])) return open(index);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === at("search")) { if (event.key === "Escape" || event.key === "Enter") at("search").blur(); return; }
  const keys = { j: () => turn(1), k: () => turn(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1), f: () => step(1, flagged),
    "/": () => at("search").focus(), Enter: () => chosen && choose(chosen) };
  if (!(event.key in keys) || (event.key === "Enter" && document.activeElement.closest("button, summary"))) return;
  event.preventDefault();
  keys[event.key]();
});

at("search").oninput = list;
at("list").append(...documents.map(entry));
top();
list();
if (documents.length) open(Math.min(documents.length, Math.max(1, parseInt(location.hash.slice(1), 10) || 1)) - 1);
else at("record").append(make("p", "empty", "This run read no documents."));
