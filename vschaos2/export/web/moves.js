// Presets, the way to them, and what moves the axes without a hand: a walk, or the prior.

"use strict";

class Moves {
  constructor(sound, about) {
    Object.assign(this, { sound, about });
    this.glideSeconds = 0.5;
    this.buttons = about.places.map((_, place) => {
      const button = element("button", { type: "button", className: "preset", "aria-label": `Preset ${place + 1}` },
        String(place + 1));
      button.addEventListener("click", () => this.recall(place));
      return button;
    });
    const glide = slider(
      { name: "Glide", lowest: 0, highest: 8, value: this.glideSeconds, unit: "s" },
      (seconds) => { this.glideSeconds = seconds; });
    const pace = slider(
      { name: "A step of the walk", lowest: 0.5, highest: 30, value: 8, unit: "s", isExponential: true },
      (seconds) => sound.tell({ walkSeconds: seconds }));
    this.walk = toggle("Walk from sound to sound", false, (isOn) => this.move("walk", isOn));
    this.byItself = toggle("Play by itself, as the recordings move", false, (isOn) =>
      this.move("byItself", isOn));
    panel("moves", "Presets and ways", element("div", { className: "presets" }, ...this.buttons),
      glide.row, this.walk.row, pace.row, ...(about.methods.prior ? [this.byItself.row] : []));
  }

  // One of the two at a time.
  move(what, isOn) {
    const other = what === "walk" ? "byItself" : "walk";
    if (isOn && this[other].box.checked) {
      this[other].box.checked = false;
      this.sound.tell({ [other]: false });
    }
    this.sound.tell({ [what]: isOn });
  }

  stand() {
    for (const what of ["walk", "byItself"]) {
      if (!this[what].box.checked) continue;
      this[what].box.checked = false;
      this.sound.tell({ [what]: false });
    }
  }

  recall(place) {
    this.stand();
    this.sound.tell({ glide: { axes: this.about.places[place], seconds: this.glideSeconds } });
    this.buttons.forEach((button, i) => button.classList.toggle("is-last", i === place));
  }
}
