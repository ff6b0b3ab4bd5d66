// What is played: the axes, or a sound through the instrument, from a microphone or a file.

"use strict";

class Sources {
  constructor(sound, about) {
    Object.assign(this, { sound, about });
    const words = { axes: "The axes", microphone: "The microphone", file: "A sound file" };
    const kinds = Object.keys(words).filter((kind) =>
      (kind === "axes" ? about.methods.decode : about.methods.forward));
    this.kind = kinds[0];
    this.radios = kinds.map((kind) => {
      const input = element("input", { type: "radio", name: "source", value: kind, checked: kind === this.kind });
      input.addEventListener("change", () => this.choose(kind));
      return element("label", { className: "source" }, input, ` ${words[kind]}`);
    });
    this.file = element("input", { type: "file", accept: "audio/*", "aria-label": "Sound file" });
    this.file.addEventListener("change", () => this.choose("file"));
    this.isLooped = toggle("again and again", true, (isOn) => { if (this.player) this.player.loop = isOn; });
    this.note = element("p", { className: "note" });
    const group = element("div", { role: "radiogroup", "aria-label": "What is played" }, ...this.radios);
    panel("source", "Play", group,
      element("div", { className: "file" }, this.file, this.isLooped.row), this.note);
    this.show();
  }

  async choose(kind) {
    showError("");
    this.kind = kind;
    for (const label of this.radios) label.firstChild.checked = label.firstChild.value === kind;
    this.show();
    this.sound.tell({ play: kind === "axes" ? "decode" : "forward" });
    if (this.sound.context) await this.connect();
  }

  show() {
    const waits = this.about.delays.forward;
    const late = waits ? `What you hear comes ${waits} ms late.` : "";
    this.file.parentElement.hidden = this.kind !== "file";
    this.note.textContent = {
      axes: "Move the axes below: a point for every sound that it knows.",
      microphone: `Use headphones, or it hears itself. ${late}`,
      file: `Choose a file of your own; it stays on this machine. ${late}`,
    }[this.kind];
  }

  // Joins what is chosen with the instrument, once there is sound.
  async connect() {
    this.release();
    if (this.kind === "microphone") await this.hearMicrophone();
    if (this.kind === "file" && this.file.files.length) await this.hearFile(this.file.files[0]);
  }

  // Lets go of the file, and of the microphone, which a browser shows to be open as long as it is.
  release() {
    this.sound.listenTo(null);
    this.player?.stop();
    this.player = null;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  async hearMicrophone() {
    const asItIs = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: asItIs });
    } catch (error) {
      showError(`The microphone cannot be heard: ${error.message}. Allow it for this page.`);
      return;
    }
    if (this.kind !== "microphone") return; // chosen away while it was asked for
    this.sound.listenTo(new MediaStreamAudioSourceNode(this.sound.context, { mediaStream: this.stream }));
  }

  async hearFile(file) {
    let buffer;
    try {
      buffer = await this.sound.context.decodeAudioData(await file.arrayBuffer());
    } catch {
      showError(`${file.name} is no sound that this browser can read: choose a WAV, FLAC, MP3 or OGG file.`);
      return;
    }
    this.player = new AudioBufferSourceNode(this.sound.context, { buffer, loop: this.isLooped.box.checked });
    this.sound.listenTo(this.player);
    this.player.start();
  }
}
