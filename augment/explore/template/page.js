"use strict";
const state = JSON.parse(document.getElementById("state").textContent);
const byId = (id) => document.getElementById(id);
const phone = matchMedia("(max-width: 40rem)").matches;
const perPage = phone ? 12 : 24;
const view = { label: 0, seed: state.seed, start: 0, samples: [], at: 0, moves: Array(state.sliders).fill(0) };
const sharp = Math.max(...state.size.split("x").map(Number)) < 100;
let asked = 0, looked = 0;

async function ask(question, values) {
  let answer, found;
  try {
    answer = await fetch("/" + question, {
      method: "POST", headers: { "X-Token": state.token, "Content-Type": "application/json" }, body: JSON.stringify(values) });
    found = await answer.json();
  } catch {
    found = { error: "augment explore does not answer. If it has ended, start it again and open the new address." };
  }
  byId("note").hidden = !found.error;
  byId("note").textContent = found.error || "";
  return found.error ? null : found;
}

function put(tag, parent, values = {}) {
  const made = document.createElement(tag);
  Object.assign(made, values);
  parent.append(made);
  return made;
}

const chosen = () => ({ label: view.label, seed: view.seed });
const current = () => view.samples[view.at];
const pickable = () => state.file !== null;

async function showSamples(at = 0) {
  const mine = ++asked;
  const found = await ask("samples", { ...chosen(), number: view.start, count: perPage });
  if (!found || mine !== asked) return;
  view.samples = found.samples;
  view.at = Math.min(at, view.samples.length - 1);
  byId("range").textContent = `${view.start} to ${view.start + view.samples.length - 1}`;
  byId("back").disabled = view.start === 0;
  byId("grid").replaceChildren();
  view.samples.forEach(drawTile);
  look();
}

function drawTile(sample, index) {
  const tile = put("div", byId("grid"), { className: "tile" });
  const open = put("button", tile, { type: "button", className: "look", tabIndex: -1 });
  put("img", open, { src: sample.image, alt: "", className: sharp ? "sharp" : "" });
  open.addEventListener("click", () => { select(index); if (phone) byId("closer").scrollIntoView(); });
  open.addEventListener("focus", () => { if (view.at !== index) select(index); });
  if (pickable()) {
    const under = put("div", tile, { className: "under" });
    if (sample.copy) put("span", under, { className: "copy", textContent: "near copy", title: "of a training image: never delivered" });
    else for (const [choice, sign, word] of [["kept", "✓", "Keep"], ["rejected", "✕", "Reject"]]) {
      const button = put("button", under, { type: "button", textContent: sign, title: word, tabIndex: -1 });
      button.setAttribute("aria-label", `${word} sample ${sample.number}`);
      button.dataset.choice = choice;
      button.addEventListener("click", () => { select(index); choose(choice); });
    }
  }
  dress(index);
}

function dress(index) {
  const tile = byId("grid").children[index], sample = view.samples[index];
  tile.className = `tile ${sample.choice} ${index === view.at ? "shown" : ""}`;
  const open = tile.querySelector(".look");
  open.tabIndex = index === view.at ? 0 : -1;
  const word = sample.copy ? ", near copy of a training image" : sample.choice === "open" ? "" : `, ${sample.choice}`;
  open.setAttribute("aria-label", `Sample ${sample.number}${word}`);
  open.setAttribute("aria-current", index === view.at);
  for (const button of tile.querySelectorAll("[data-choice]")) button.setAttribute("aria-pressed", button.dataset.choice === sample.choice);
}

function select(index) {
  const before = view.at;
  view.at = index;
  dress(before);
  dress(index);
  if (before !== index) look();
}

function look() {
  view.moves.fill(0);
  for (const input of byId("sliders").querySelectorAll("input")) setSlider(input, 0);
  byId("closer-head").textContent = `Sample ${current().number}`;
  byId("large").alt = `Sample ${current().number} of class ${state.classes[view.label].label}`;
  sayWord(current().copy);
  closer();
}

async function closer() {
  const mine = ++looked;
  const found = await ask("closer", { ...chosen(), number: current().number, moves: view.moves });
  if (!found || mine !== looked) return;
  const moved = view.moves.some(Boolean);
  byId("large").src = found.image;
  byId("large").className = sharp ? "sharp" : "";
  byId("made").textContent = found.borrowed ? "A training image, varied as other classes vary" : "Drawn by the class's own generator";
  sayWord(found.copy, moved);
  byId("near").replaceChildren();
  for (const one of found.nearest) {
    const figure = put("figure", byId("near"));
    put("img", figure, { src: one.image, alt: `Training image ${one.source}`, title: one.source, className: sharp ? "sharp" : "" });
    put("figcaption", figure, { textContent: one.distance.toFixed(3) });
  }
  byId("near-part").hidden = !found.nearest.length;
  if (found.nearest.length) byId("limit").textContent = `Root mean square of the difference, 0 to 1. A copy is no farther than ${found.limit.toFixed(3)}.`;
  byId("sliders").hidden = byId("reset").hidden = !found.movable;
  byId("moving-words").textContent = found.movable
    ? "Where its class changes most, strongest first. A moved image is for looking, not for keeping."
    : "This sample has no place in a latent space of its own, so it cannot be moved.";
}

function sayWord(copy, moved = false) {
  const { choice } = current();
  byId("word").className = copy ? "copy" : choice;
  const place = moved ? "Moved here it is a near copy of a training image" : "Near copy of a training image: never delivered";
  byId("word").textContent = copy ? place : { kept: "Kept", rejected: "Rejected", open: "" }[choice];
  byId("keep").disabled = current().copy;
  byId("keep").setAttribute("aria-pressed", choice === "kept");
  byId("reject").setAttribute("aria-pressed", choice === "rejected");
}

async function choose(choice) {
  const index = view.at, sample = current(), of = chosen();
  if (!pickable() || (sample.copy && choice === "kept")) return;
  const wanted = sample.choice === choice ? "open" : choice;
  const found = await ask("choose", { ...of, number: sample.number, choice: wanted });
  if (!found) return;
  sample.choice = wanted;
  state.picks = found.picks;
  tally();
  if (view.samples[index] !== sample) return;
  dress(index);
  if (index === view.at) sayWord(sample.copy);
}

function tally() {
  if (!pickable()) {
    byId("tally").textContent = "Keeping and rejecting needs data/prepared/train of these generators";
    return;
  }
  const [kept, rejected] = state.picks.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  byId("tally").textContent = view.seed === state.seed
    ? `${kept} kept, ${rejected} rejected → ${state.file}`
    : `The stage generate draws with seed ${state.seed}: picks at seed ${view.seed} count once params.yaml has that seed`;
}

function setSlider(input, value) {
  input.value = value;
  input.parentElement.querySelector("output").textContent = (value > 0 ? "+" : "") + value.toFixed(1).replace("-", "−");
}

function makeSliders() {
  let waiting = 0;
  for (let number = 0; number < state.sliders; number++) {
    const row = put("label", byId("sliders"), { className: "slider" });
    put("span", row, { textContent: `Direction ${number + 1}` });
    const input = put("input", row, { type: "range", min: -3, max: 3, step: 0.1, value: 0 });
    put("output", row);
    setSlider(input, 0);
    input.addEventListener("input", () => {
      view.moves[number] = Number(input.value);
      setSlider(input, view.moves[number]);
      clearTimeout(waiting);
      waiting = setTimeout(closer, 40);
    });
  }
}

function columns() {
  return getComputedStyle(byId("grid")).gridTemplateColumns.split(" ").length;
}

function onKey(event) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns(), ArrowDown: columns() }[event.key];
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (step) {
    const to = view.at + step;
    if (to >= 0 && to < view.samples.length) byId("grid").children[to].querySelector(".look").focus();
    event.preventDefault();
  } else if (event.key.toLowerCase() === "k") choose("kept");
  else if (event.key.toLowerCase() === "r") choose("rejected");
}

function begin() {
  state.classes.forEach(({ label, images }, index) =>
    put("option", byId("label"), { value: index, textContent: images === null ? label : `${label} (${images} training images)` }));
  for (const label of state.failed) put("option", byId("label"), { textContent: `${label} (its GAN failed)`, disabled: true });
  byId("seed").value = view.seed;
  byId("keep").parentElement.hidden = !pickable();
  for (const keys of document.querySelectorAll(".keys")) keys.hidden = !pickable();
  byId("bar").addEventListener("submit", (event) => event.preventDefault());
  byId("label").addEventListener("change", () => { view.label = Number(byId("label").value); view.start = 0; showSamples(); });
  byId("seed").addEventListener("change", () => {
    if (!byId("seed").checkValidity() || byId("seed").value === "") byId("seed").value = view.seed;
    view.seed = Number(byId("seed").value);
    view.start = 0;
    tally();
    showSamples();
  });
  byId("back").addEventListener("click", () => { view.start = Math.max(0, view.start - perPage); showSamples(); });
  byId("next").addEventListener("click", () => { view.start += perPage; showSamples(); });
  byId("grid").addEventListener("keydown", onKey);
  byId("keep").addEventListener("click", () => choose("kept"));
  byId("reject").addEventListener("click", () => choose("rejected"));
  byId("reset").addEventListener("click", look);
  makeSliders();
  tally();
  showSamples();
}

begin();
