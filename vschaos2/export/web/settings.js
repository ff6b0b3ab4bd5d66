// What else can be set: the instrument's own settings, and labels by name.

"use strict";

// A panel for each group of settings; changed(name, value) tells the instrument.
function showSettings(settings, isEffect, changed) {
  const groups = Map.groupBy ? Map.groupBy(settings, ({ group }) => group) : grouped(settings);
  let number = 0;
  for (const [group, rows] of groups) {
    const parts = rows.map((setting) => settingRow(setting, changed));
    const title = group || (isEffect ? "Knobs" : "Settings");
    panel(`settings-${++number}`, title, element("div", { className: "sliders" }, ...parts));
  }
}

function grouped(settings) {
  const groups = new Map();
  for (const setting of settings) {
    groups.set(setting.group, [...(groups.get(setting.group) ?? []), setting]);
  }
  return groups;
}

function settingRow(setting, changed) {
  const { kind, choices, value } = setting;
  const name = spoken(setting.name, setting.unit);
  if (kind === "choice") {
    return choice(name, choices.map((word) => spoken(word)), choices.indexOf(value), (index) =>
      changed(setting.name, choices[index])).row;
  }
  if (kind === "switch") return toggle(name, Boolean(value), (isOn) => changed(setting.name, Number(isOn))).row;
  if (kind === "event") {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", () => changed(setting.name, 1));
    return element("div", { className: "event" }, button);
  }
  return slider({ ...setting, name }, (number) => changed(setting.name, number)).row;
}

// A name in words; its unit stands by the value.
function spoken(name, unit = "") {
  const bare = unit && name.toLowerCase().endsWith(`_${unit.toLowerCase()}`) ? name.slice(0, -unit.length - 1) : name;
  return bare.replaceAll("_", " ");
}

// Labels: a choice of classes, or a number. Returns functions that show a value, by index.
function showLabels(labels, commanded) {
  const rows = labels.map((label, index) => {
    if (!label.names.length) {
      const made = slider({ name: label.task, lowest: 0, highest: 127, value: label.first }, (value) =>
        commanded(index, value));
      return { row: made.row, show: made.show };
    }
    const first = label.guess ? [label.guess] : [];
    const made = choice(label.task, [...first, ...label.names], label.first + first.length, (chosen) =>
      commanded(index, chosen - first.length));
    return { row: made.row, show: (value) => { made.select.value = value + first.length; } };
  });
  if (rows.length) panel("labels", "Labels", element("div", { className: "sliders" }, ...rows.map(({ row }) => row)));
  return rows.map(({ show }) => show);
}
