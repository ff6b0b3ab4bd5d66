// A square whose two directions are two of the axes: by pointer, and by the arrows of the keyboard.

"use strict";

const STEP = 0.02; // of a pad's width, by an arrow

class Pad {
  // values: of all axes, which others change, too; moved(axis, value): by hand.
  constructor(axes, values, moved) {
    Object.assign(this, { axes, values, moved });
    this.shown = [0, Math.min(1, axes.length - 1)];
    this.isHeld = false;
    this.dot = element("div", { className: "dot" });
    this.square = element("div", {
      className: "pad", tabIndex: 0, role: "application",
      "aria-label": "Pad of two axes: the arrows move them",
    }, this.dot);
    this.choices = ["Across", "Up"].map((name, direction) =>
      choice(name, axes.map(axisName), this.shown[direction], (axis) => {
        this.shown[direction] = axis;
        this.draw();
      }).row);
    this.element = element("div", { className: "pad-and-choices" }, this.square, ...this.choices);
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      this.square.addEventListener(kind, (event) => this.point(event));
    }
    this.square.addEventListener("keydown", (event) => this.press(event));
    this.draw();
  }

  point(event) {
    if (event.type === "pointerdown") {
      this.square.setPointerCapture(event.pointerId);
      this.isHeld = true;
    }
    if (event.type === "pointerup" || event.type === "pointercancel") this.isHeld = false;
    if (!this.isHeld) return;
    const { left, bottom, width, height } = this.square.getBoundingClientRect();
    this.put(0, (event.clientX - left) / width);
    this.put(1, (bottom - event.clientY) / height);
  }

  press(event) {
    const [direction, sign] = {
      ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1],
    }[event.key] ?? [];
    if (sign === undefined) return;
    event.preventDefault();
    this.put(direction, this.part(direction) + sign * STEP);
  }

  part(direction) {
    const axis = this.shown[direction], { lowest, highest } = this.axes[axis];
    return Math.min(Math.max((this.values[axis] - lowest) / (highest - lowest), 0), 1);
  }

  put(direction, part) {
    const axis = this.shown[direction], { lowest, highest } = this.axes[axis];
    this.moved(axis, lowest + Math.min(Math.max(part, 0), 1) * (highest - lowest));
    this.draw();
  }

  draw() {
    this.dot.style.left = `${100 * this.part(0)}%`;
    this.dot.style.bottom = `${100 * this.part(1)}%`;
    this.square.setAttribute("aria-description", this.shown.map((axis) =>
      `${axisName(this.axes[axis], axis)}: ${this.values[axis].toFixed(2)}`).join(", "));
  }
}
