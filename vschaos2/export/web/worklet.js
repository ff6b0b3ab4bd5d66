// What runs on the audio thread: collects blocks for the engine, moves the axes, tells the page
// how loud it is and where the axes are, and passes on what is recorded.
//
// Behind engine.js and motion.js in one script, as worklets import nothing from a page on a disk.

"use strict";

const TOLD_EVERY_SECONDS = 0.05;
const RECORDED_EVERY_SAMPLES = 16384;
const ATTACK_SECONDS = 0.01, RELEASE_SECONDS = 0.25; // of a key that is held, and let go

class InstrumentProcessor extends AudioWorkletProcessor {
  // processorOptions: wasm, model (bytes); method; settings (name → value); axes, labels (values);
  // stops, ways of a walk.
  constructor({ processorOptions: given }) {
    super();
    this.port.onmessage = ({ data }) => this.told(data);
    try {
      this.begin(given);
    } catch (error) {
      this.fail(error);
    }
  }

  begin(given) {
    this.engine = new Engine(given.wasm, given.model);
    const block = this.engine.blockSamples;
    this.block = 128 % block === 0 ? 128 : block; // quanta of the browser, where they do
    this.channels = 1;
    for (const [name, value] of Object.entries(given.settings)) this.engine.set(name, value);
    this.engine.reset(); // it begins with them, and does not glide there
    this.motion = new Motion(given.axes, given.stops, given.ways);
    this.labels = Float32Array.from(given.labels);
    this.byItself = false;
    this.gate = { isUsed: false, target: 1, level: 1 };
    this.recorded = null;
    this.peak = 0;
    this.sinceTold = 0;
    this.play(given.method);
  }

  // Says what is wrong, and is silent from then on.
  fail(error) {
    this.engine = null;
    const memory = error instanceof WebAssembly.RuntimeError;
    this.port.postMessage({ error: memory ? "the engine stopped: load the page again" : error.message });
  }

  told(message) {
    if (!this.engine) return;
    const [[what, value]] = Object.entries(message);
    const does = {
      play: () => this.play(value),
      set: () => this.engine.set(value.name, value.value),
      ask: () => this.answer(value),
      put: () => this.motion.put(value.axis, value.value),
      glide: () => this.motion.glide(value.axes, value.seconds),
      walk: () => this.motion.walk(value),
      walkSeconds: () => { this.motion.walkSeconds = value; },
      byItself: () => { this.byItself = value; },
      label: () => { this.labels[value.index] = value.value; },
      gate: () => { this.gate.isUsed = value; this.gate.target = value ? 0 : 1; },
      key: () => { if (this.gate.isUsed) this.gate.target = value; },
      record: () => this.record(value),
    };
    does[what]();
  }

  // What controls show once an event has happened.
  answer(names) {
    const numbers = Object.fromEntries(names.map((name) => [name, this.engine.number(name)]));
    this.port.postMessage({ numbers });
  }

  play(method) {
    this.method = method;
    const { inputs, outputs } = this.engine.methods[method];
    const hears = this.engine.methods[method].inRatio === 1 && method !== "decode";
    this.hears = hears ? inputs - this.labels.length : 0; // channels of sound
    this.channels = Math.min(outputs, 2);
    this.heard = Array.from({ length: this.hears }, () => new Float32Array(this.block));
    this.made = Array.from({ length: this.channels }, () => new Float32Array(this.block));
    this.at = hears ? 0 : this.block; // axes sound at once
  }

  process(inputs, outputs) {
    const out = outputs[0];
    if (!this.engine) return false;
    try {
      this.fill(inputs[0], out);
    } catch (error) {
      this.fail(error);
      return false;
    }
    this.tell(out);
    return true;
  }

  // A block at a time, in as many runs of samples as a quantum has to do with one. Where a block
  // is longer than a quantum, what is heard is played a block later; axes sound at once.
  fill(heard, out) {
    const count = out[0].length, isWhole = this.hears > 0 && this.block === count;
    for (let done = 0; done < count; ) {
      if (this.at === this.block) {
        if (!isWhole) this.makeBlock();
        this.at = 0;
      }
      const length = Math.min(this.block - this.at, count - done);
      for (let c = 0; c < this.hears; ++c) this.hear(heard, c, done, length);
      if (isWhole) this.makeBlock();
      for (let c = 0; c < out.length; ++c) {
        const made = this.made[Math.min(c, this.channels - 1)];
        out[c].set(made.subarray(this.at, this.at + length), done);
      }
      this.at += length;
      done += length;
    }
  }

  // Of a sound of one channel both inlets hear it; where nothing comes in there is silence.
  hear(heard, channel, from, length) {
    const given = heard[Math.min(channel, heard.length - 1)];
    if (given) this.heard[channel].set(given.subarray(from, from + length), this.at);
    else this.heard[channel].fill(0, this.at, this.at + length);
  }

  makeBlock() {
    const { engine, method, block } = this;
    const seconds = block / engine.sampleRate;
    const { inRatio, inputs } = engine.methods[method];
    if (method === "decode") {
      if (this.byItself) this.moveByItself();
      else this.motion.step(seconds);
    }
    const values = block / inRatio;
    const first = method === "decode" ? this.motion.now : this.heard;
    for (let c = 0; c < inputs; ++c) {
      const place = engine.input(method, c, values);
      if (c >= first.length) place.fill(this.labels[c - first.length]);
      else if (method === "decode") place.fill(first[c]);
      else place.set(first[c]);
    }
    engine.process(method, block);
    for (let c = 0; c < this.channels; ++c) this.made[c].set(engine.output(method, c, block));
    if (method === "decode") this.shape(this.made[0], seconds);
  }

  moveByItself() {
    this.engine.input("prior", 0, 1)[0] = 0; // empty: the control of the temperature holds
    this.engine.process("prior", this.block);
    for (let axis = 0; axis < this.motion.now.length; ++axis) {
      this.motion.put(axis, this.engine.output("prior", axis, 1)[0]);
    }
  }

  // The level that keys give, where they do.
  shape(sound, seconds) {
    const gate = this.gate;
    const length = gate.target > gate.level ? ATTACK_SECONDS : RELEASE_SECONDS;
    const next = gate.target + (gate.level - gate.target) * Math.exp((-3 * seconds) / length);
    const step = (next - gate.level) / sound.length;
    for (let i = 0; i < sound.length; ++i) sound[i] *= gate.level += step;
    gate.level = Math.abs(next - gate.target) < 1e-4 ? gate.target : next;
  }

  tell(out) {
    for (const channel of out) {
      for (let i = 0; i < channel.length; ++i) this.peak = Math.max(this.peak, Math.abs(channel[i]));
    }
    this.keep(out);
    this.sinceTold += out[0].length / this.engine.sampleRate;
    if (this.sinceTold < TOLD_EVERY_SECONDS) return;
    this.port.postMessage({ peak: this.peak, axes: this.motion.now.slice() });
    this.peak = this.sinceTold = 0;
  }

  // Sends what is recorded in pieces; the last of them says that it is.
  record(isOn) {
    if (isOn) this.recorded = { pieces: [], samples: 0 };
    else if (this.recorded) {
      this.send(true);
      this.recorded = null;
    }
  }

  keep(out) {
    if (!this.recorded) return;
    this.recorded.pieces.push(out.slice(0, this.channels).map((channel) => channel.slice()));
    this.recorded.samples += out[0].length;
    if (this.recorded.samples >= RECORDED_EVERY_SAMPLES) this.send(false);
  }

  send(isLast) {
    this.port.postMessage({ recorded: this.recorded.pieces, isLast });
    this.recorded = { pieces: [], samples: 0 };
  }
}

registerProcessor("vschaos2", InstrumentProcessor);
