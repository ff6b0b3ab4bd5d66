// Small parts that the panels are made of: elements, sliders, choices, and the line of an error.

"use strict";

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// One plain line at the top of the page; an empty one takes it away.
function showError(text) {
  const line = document.getElementById("error");
  line.textContent = text.replaceAll(/\s+/g, " ").replaceAll(/\.(?=[.:])/g, "");
  line.hidden = !text;
}

window.addEventListener("error", ({ message }) => showError(`The page stopped: ${message}`));
window.addEventListener("unhandledrejection", ({ reason }) =>
  showError(reason?.message ?? String(reason)));

// Digits that a range of values needs.
function inDigits(value, range) {
  return value.toFixed(range >= 200 ? 0 : range >= 20 ? 1 : 2);
}

let count = 0;
const fresh = (name) => `${name}-${++count}`;

// A slider with its name and value; `moved` gets every new value of the hand.
//   of: { name, lowest, highest, value, unit, isExponential, isWhole, note, usual }
// Returns { row, show(value) }.
function slider(of, moved) {
  const [low, high] = of.usual ?? [of.lowest, of.highest];
  const isExponential = of.isExponential && low > 0;
  const toPart = (value) =>
    isExponential ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  const between = (part) => (isExponential ? low * (high / low) ** part : low + part * (high - low));
  const ofPart = (part) => (of.isWhole ? Math.round(between(part)) : between(part));
  const id = fresh("slider");
  const input = element("input", { type: "range", id, min: 0, max: 1, step: 0.001 });
  const output = element("output", { for: id });
  const show = (value) => {
    input.value = Math.min(Math.max(toPart(value), 0), 1);
    output.textContent = `${of.isWhole ? Math.round(value) : inDigits(value, high - low)}${of.unit ? ` ${of.unit}` : ""}`;
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => {
    const value = ofPart(Number(input.value));
    show(value);
    moved(value);
  });
  show(of.value);
  const label = element("label", { htmlFor: id }, of.name);
  if (of.note) label.append(element("small", {}, ` ${of.note}`));
  return { row: element("div", { className: "slider" }, label, output, input), input, show };
}

// A choice of words; `chosen` gets the index.
function choice(name, words, index, chosen) {
  const id = fresh("choice");
  const select = element("select", { id });
  words.forEach((word, i) => select.append(element("option", { value: i }, word)));
  select.value = index;
  select.addEventListener("change", () => chosen(Number(select.value)));
  const row = element("div", { className: "choice" }, element("label", { htmlFor: id }, name), select);
  return { row, select };
}

// A switch; `turned` gets whether it is on.
function toggle(name, isOn, turned) {
  const id = fresh("switch");
  const box = element("input", { type: "checkbox", id, checked: isOn });
  box.addEventListener("change", () => turned(box.checked));
  const row = element("div", { className: "switch" }, box, element("label", { htmlFor: id }, name));
  return { row, box };
}

// A panel with its heading.
function panel(id, title, ...children) {
  const made = element("section", { id, "aria-labelledby": `${id}-title` },
    element("h2", { id: `${id}-title` }, title), ...children);
  document.getElementById("panels").append(made);
  return made;
}
