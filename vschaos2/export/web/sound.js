// The sound of the page: an audio context at the instrument's rate, and the instrument in it.

"use strict";

const PATIENCE_MS = 4000; // with a device that does not answer
const NO_DEVICE = "The sound does not begin: is there a sound device that this browser may use?";

class Sound {
  // about: what the page knows of the instrument; state: what it begins with, { method, settings,
  // axes, labels }, and later messages keep it up to date.
  constructor(about, state) {
    Object.assign(this, { about, state });
    this.context = null;
    this.listeners = { level: () => {}, axes: () => {}, recorded: () => {}, numbers: () => {} };
  }

  // The instrument as a node of a context, offline ones, too.
  async nodeIn(context) {
    this.carried ??= Promise.all([unpacked("wasm"), unpacked("model")]);
    const [wasm, model] = await this.carried;
    // From a page on a disk no script can be fetched, nor be a blob: but it can be in its address.
    const code = document.getElementById("worklet").textContent;
    await context.audioWorklet.addModule(`data:text/javascript;charset=utf-8;base64,${code}`);
    const { stops, ways, methods } = this.about;
    const channels = Math.min(methods[this.state.method].sounds[1], 2);
    return new AudioWorkletNode(context, "vschaos2", {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      outputChannelCount: [channels],
      channelCount: Math.min(methods.forward?.sounds[0] ?? 1, 2), // others are mixed to these
      channelCountMode: "explicit",
      processorOptions: { wasm, model, stops, ways, ...this.state },
    });
  }

  async start() {
    if (!this.context) await this.make();
    const late = setTimeout(() => showError(NO_DEVICE), PATIENCE_MS);
    await this.context.resume();
    clearTimeout(late);
    if (document.getElementById("error").textContent === NO_DEVICE) showError("");
  }

  async make() {
    const context = new AudioContext({ sampleRate: this.about.rate });
    context.resume(); // at once: some browsers only do so while a click is fresh
    const node = await this.nodeIn(context);
    node.port.onmessage = ({ data }) => this.hear(data);
    node.onprocessorerror = () => showError("The sound stopped: load the page again.");
    this.volume = new GainNode(context, { gain: this.gain ?? 1 });
    node.connect(this.volume).connect(context.destination);
    Object.assign(this, { context, node });
    for (const message of this.waiting ?? []) node.port.postMessage(message);
    this.waiting = [];
  }

  stop() {
    return this.context?.suspend();
  }

  // Tells the instrument something, now or once there is sound. See worklet.js.
  tell(message) {
    if (this.node) this.node.port.postMessage(message);
    else (this.waiting ??= []).push(message);
  }

  setVolume(decibels) {
    this.gain = 10 ** (decibels / 20);
    this.volume?.gain.setTargetAtTime(this.gain, this.context.currentTime, 0.01);
  }

  hear(message) {
    if (message.error) showError(`This page cannot play: ${message.error}`);
    if ("peak" in message) this.listeners.level(message.peak * (this.gain ?? 1));
    if (message.axes) this.listeners.axes(message.axes);
    if (message.numbers) this.listeners.numbers(message.numbers);
    if (message.recorded) this.listeners.recorded(message.recorded, message.isLast);
  }

  // What the instrument hears: a source node, or nothing.
  listenTo(source) {
    this.source?.disconnect();
    this.source = source;
    source?.connect(this.node);
  }
}
