// How latent axes move: where the hand put them, in glides, or in a walk from stop to stop.

"use strict";

const REACHED = 3; // time constants of a walk between two stops: all but a twentieth of the way

class Motion {
  // stops: places that a walk passes; ways: for each the numbers of those that it goes on to;
  // chance: returns numbers in [0, 1).
  constructor(axes, stops, ways, chance = Math.random) {
    this.now = Float32Array.from(axes);
    this.from = Float32Array.from(axes);
    this.to = Float32Array.from(axes);
    this.passed = 1; // part of the glide
    this.glideSeconds = 0;
    Object.assign(this, { stops, ways, chance });
    this.walks = false;
    this.walkSeconds = 8;
    this.stop = 0;
    this.sinceStop = 0;
  }

  // Puts one axis somewhere, at once.
  put(axis, value) {
    this.now[axis] = this.from[axis] = this.to[axis] = value;
  }

  // Sends all of them somewhere, in so many seconds.
  glide(axes, seconds) {
    this.from.set(this.now);
    this.to.set(axes);
    this.passed = 0;
    this.glideSeconds = seconds;
  }

  walk(isOn) {
    this.walks = isOn;
    this.to.set(this.now);
    this.passed = 1;
    this.sinceStop = this.walkSeconds; // a first stop at once
  }

  // Moves on by a step of time.
  step(seconds) {
    if (this.walks) this.walkOn(seconds);
    if (this.passed >= 1) return;
    this.passed = this.glideSeconds > 0 ? Math.min(this.passed + seconds / this.glideSeconds, 1) : 1;
    for (let axis = 0; axis < this.now.length; ++axis) {
      this.now[axis] = this.from[axis] + this.passed * (this.to[axis] - this.from[axis]);
    }
  }

  // All axes together, so that the level holds along the straight ways between neighbours.
  walkOn(seconds) {
    this.sinceStop += seconds;
    if (this.sinceStop >= this.walkSeconds) {
      const ways = this.ways[this.stop];
      this.stop = ways[Math.floor(this.chance() * ways.length)];
      this.sinceStop = 0;
    }
    const part = 1 - Math.exp((-REACHED * seconds) / this.walkSeconds);
    const stop = this.stops[this.stop];
    for (let axis = 0; axis < this.now.length; ++axis) {
      this.now[axis] += part * (stop[axis] - this.now[axis]);
    }
  }
}
