// The latent axes: a slider each, and a pad for two of them.

"use strict";

class Axes {
  // moved(axis, value): by hand.
  constructor(about, moved) {
    this.about = about;
    this.values = Float32Array.from(about.places[0]);
    this.moved = (axis, value) => {
      this.values[axis] = value;
      moved(axis, value);
    };
    this.pad = new Pad(about.axes, this.values, (axis, value) => {
      this.moved(axis, value);
      this.sliders[axis].show(value);
    });
    this.sliders = about.axes.map((axis, i) =>
      slider({ ...axis, name: axisName(axis, i), value: this.values[i] }, (value) => {
        this.moved(i, value);
        this.pad.draw();
      }));
    panel("axes", "Axes", this.pad.element,
      element("div", { className: "sliders" }, ...this.sliders.map(({ row }) => row)));
  }

  // Where the instrument says that they are, but not the one that a hand holds.
  show(values) {
    this.sliders.forEach(({ input, show }, axis) => {
      if (document.activeElement === input && input.matches(":active")) return;
      if (Math.abs(values[axis] - this.values[axis]) > 1e-6) show(values[axis]);
    });
    if (!this.pad.isHeld) this.values.set(values);
    this.pad.draw();
  }
}

const axisName = (axis, index) => (axis.rising ? `${index + 1} ${axis.rising}` : `${index + 1}`);
