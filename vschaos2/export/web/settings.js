// What else can be set: the instrument's own settings, and labels by name.

"use strict";

// A panel for each group of settings; changed(name, value) tells the instrument, and happened() that
// an event may have changed others. Returns what shows numbers, by the names of their settings.
function showSettings(settings, isEffect, changed, happened) {
  const shows = {};
  let number = 0;
  for (const [group, members] of grouped(settings)) {
    const rows = members.map((setting) => settingRow(setting, changed, happened, shows));
    const title = group || (isEffect ? "Knobs" : "Settings");
    panel(`settings-${++number}`, title, element("div", { className: "sliders" }, ...rows));
  }
  return shows;
}

function grouped(settings) {
  const groups = new Map();
  for (const setting of settings) {
    groups.set(setting.group, [...(groups.get(setting.group) ?? []), setting]);
  }
  return groups;
}

function settingRow(setting, changed, happened, shows) {
  const { kind, choices, value } = setting;
  const whole = spoken(setting.name, setting.unit);
  const name = whole.startsWith(`${setting.group} `) ? whole.slice(setting.group.length + 1) : whole;
  if (kind === "choice") {
    return choice(name, choices.map((word) => spoken(word)), choices.indexOf(value), (index) =>
      changed(setting.name, choices[index])).row;
  }
  if (kind === "switch") return toggle(name, Boolean(value), (isOn) => changed(setting.name, Number(isOn))).row;
  if (kind === "event") {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", () => {
      changed(setting.name, 1);
      happened();
    });
    return element("div", { className: "event" }, button);
  }
  const { row, show } = slider({ ...setting, name }, (number) => changed(setting.name, number));
  shows[setting.name] = show;
  return row;
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
