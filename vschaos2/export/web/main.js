// Puts the page together.

"use strict";

const about = JSON.parse(document.getElementById("about").textContent);
const isEffect = !about.methods.decode;
const sound = new Sound(about, {
  method: isEffect ? "forward" : "decode",
  settings: {},
  axes: about.places[0] ?? [],
  labels: about.labels.map(({ first }) => first),
});

document.getElementById("lead").textContent = isEffect
  ? "An effect: press Start, choose a sound, turn its knobs."
  : "An instrument: press Start, move the axes, or let them walk.";
document.getElementById("figures").textContent =
  `${about.rate} Hz. Everything is in this one file; nothing leaves this machine. Made with vschaos2.`;

document.getElementById("panels").classList.toggle("is-effect", isEffect);
const sources = new Sources(sound, about);
if (!isEffect) {
  const axes = new Axes(about, (axis, value) => {
    moves.stand();
    sound.tell({ put: { axis, value } });
  });
  const moves = new Moves(sound, about);
  sound.listeners.axes = (values) => axes.show(values);
  const shows = showLabels(about.labels, (index, value) => sound.tell({ label: { index, value } }));
  new Keys(about, (note) => playNote(note, moves, shows), (isOn) => sound.tell({ gate: isOn }),
    (level) => sound.tell({ key: level }));
}
const numbers = showSettings(about.settings, isEffect,
  (name, value) => sound.tell({ set: { name, value } }),
  () => sound.tell({ ask: Object.keys(numbers) }));
sound.listeners.numbers = (values) => {
  for (const [name, value] of Object.entries(values)) if (value !== undefined) numbers[name](value);
};
new Recorder(sound, about);
showLevel(sound);

// What a note means: a class of pitch, and an octave where there is such a label; or a preset.
function playNote(note, moves, shows) {
  if (!about.notes) {
    moves.recall(note % about.places.length);
    return;
  }
  const command = (index, value) => {
    sound.tell({ label: { index, value } });
    shows[index](value);
  };
  const fromA = (note + 3) % 12; // classes are counted from A on
  command(about.notes.pitch, about.notes.classes[fromA]);
  if (about.notes.octave !== undefined) {
    const { octave, lowestOctave, octaves } = about.notes;
    const wanted = Math.floor((note + 3) / 12) - 1 - lowestOctave; // A4, note 69, opens octave 5
    command(octave, Math.min(Math.max(wanted, 0), octaves - 1));
  }
}

const start = document.getElementById("start");
start.addEventListener("click", async () => {
  const isOn = start.getAttribute("aria-pressed") !== "true";
  start.disabled = true;
  try {
    if (isOn) {
      await sound.start();
      await sources.connect();
    } else {
      sources.release();
      await sound.stop();
    }
    start.setAttribute("aria-pressed", isOn);
    start.textContent = isOn ? "Stop" : "Start";
    document.getElementById("record").disabled = false;
  } catch (error) {
    showError(`This browser cannot play it: ${error.message}. Chrome, Edge, Firefox and Safari of 2023 on can.`);
  }
  start.disabled = false;
});
