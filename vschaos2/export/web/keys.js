// Notes: keys on the page and of the computer, and MIDI. They command labels where the instrument
// has a label of pitch, and recall presets where not, as the patches of Pd and Max do.

"use strict";

const LETTERS = "awsedftgyhujkol"; // keys of a computer as those of a piano, from C on
const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const LOWEST = 60;

class Keys {
  // noted(note): what a note means; gated(isOn), held(level): of the sound while keys are down.
  constructor(about, noted, gated, held) {
    Object.assign(this, { noted, held });
    this.down = [];
    this.buttons = new Map();
    const keyboard = element("div", { className: "keyboard", role: "group", "aria-label": "Keyboard" });
    for (let note = LOWEST; note < LOWEST + LETTERS.length; ++note) keyboard.append(this.key(note));
    this.octave = 0;
    const octave = choice("Octave", ["-2", "-1", "0", "+1", "+2"], 2, (index) => { this.octave = index - 2; });
    const gate = toggle("Sound only while a key is held", false, gated);
    this.midi = element("button", { type: "button" }, "Connect MIDI");
    this.midi.addEventListener("click", () => this.connectMIDI());
    this.said = element("span", { className: "note", role: "status" });
    panel("keys", "Keys",
      element("p", { className: "note" },
        `Notes play ${about.notes ? "labels" : "presets"}: by the keys below, A W S E D … of the computer, or MIDI.`),
      keyboard, element("div", { className: "row" }, octave.row, gate.row, this.midi, this.said));
    document.addEventListener("keydown", (event) => this.press(event, true));
    document.addEventListener("keyup", (event) => this.press(event, false));
    window.addEventListener("blur", () => this.releaseAll());
  }

  key(note) {
    const name = NAMES[note % 12];
    const button = element("button", {
      type: "button", className: name.length > 1 ? "key black" : "key", "aria-label": `${name}, key ${LETTERS[note - LOWEST].toUpperCase()}`,
    }, element("span", { "aria-hidden": "true" }, LETTERS[note - LOWEST].toUpperCase()));
    const played = () => note + 12 * this.octave;
    let begun = null;
    const begin = (event) => {
      if (event.type === "keydown" && (event.repeat || (event.key !== " " && event.key !== "Enter"))) return;
      begun = played();
      this.begin(begun, 1);
    };
    const end = () => {
      if (begun !== null) this.end(begun);
      begun = null;
    };
    for (const kind of ["pointerdown", "keydown"]) button.addEventListener(kind, begin);
    for (const kind of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"]) {
      button.addEventListener(kind, end);
    }
    this.buttons.set(note, button);
    return button;
  }

  press(event, isDown) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (isDown && event.target.closest?.("select, input:not([type=range], [type=checkbox], [type=radio])")) return;
    const place = LETTERS.indexOf(event.key.toLowerCase());
    if (event.key.length !== 1 || place < 0) return;
    if (isDown) this.begin(LOWEST + place + 12 * this.octave, 1);
    else for (const note of this.down.filter((each) => (each - LOWEST - place) % 12 === 0)) this.end(note);
  }

  begin(note, level) {
    this.down = [...this.down.filter((each) => each !== note), note];
    this.noted(note);
    this.held(level);
    this.show();
  }

  // The last note that is still held sounds on.
  end(note) {
    const wasLast = this.down.at(-1) === note;
    this.down = this.down.filter((each) => each !== note);
    if (!this.down.length) this.held(0);
    else if (wasLast) this.noted(this.down.at(-1));
    this.show();
  }

  releaseAll() {
    for (const note of [...this.down]) this.end(note);
  }

  show() {
    for (const [note, button] of this.buttons) {
      button.classList.toggle("is-down", this.down.includes(note + 12 * this.octave));
    }
  }

  async connectMIDI() {
    if (!navigator.requestMIDIAccess) {
      showError("This browser knows no MIDI: Chrome, Edge and Firefox do.");
      return;
    }
    try {
      this.access = await navigator.requestMIDIAccess();
    } catch (error) {
      showError(`MIDI cannot be heard: ${error.message}. Allow it for this page.`);
      return;
    }
    const listen = () => {
      for (const input of this.access.inputs.values()) input.onmidimessage = ({ data }) => this.hearMIDI(data);
      this.said.textContent = [...this.access.inputs.values()].map(({ name }) => name).join(", ") || "no MIDI device";
    };
    this.access.onstatechange = listen;
    listen();
  }

  hearMIDI([status, note, velocity]) {
    const kind = status & 0xf0;
    if (kind === 0x90 && velocity > 0) this.begin(note, velocity / 127);
    else if (kind === 0x90 || kind === 0x80) this.end(note);
  }
}
