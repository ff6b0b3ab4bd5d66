// What is heard as a WAV file, as the instrument makes it, before the volume of this page.

"use strict";

class Recorder {
  constructor(sound, about) {
    Object.assign(this, { sound, about });
    this.button = document.getElementById("record");
    this.button.addEventListener("click", () => this.turn());
    this.pieces = [];
    sound.listeners.recorded = (pieces, isLast) => {
      this.pieces.push(...pieces);
      if (isLast) this.save();
    };
  }

  turn() {
    const isOn = this.button.getAttribute("aria-pressed") !== "true";
    this.button.setAttribute("aria-pressed", isOn);
    this.button.textContent = isOn ? "Stop recording" : "Record";
    this.sound.tell({ record: isOn });
  }

  save() {
    const file = new Blob([wav(this.pieces, this.about.rate)], { type: "audio/wav" });
    this.pieces = [];
    const link = element("a", { href: URL.createObjectURL(file), download: `${this.about.name}.wav` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }
}

// A WAV file of 24 bits. pieces: of each its channels, rows of samples.
function wav(pieces, rate) {
  const channels = pieces[0]?.length ?? 1;
  const samples = pieces.reduce((sum, piece) => sum + piece[0].length, 0);
  const size = 3 * channels * samples;
  const view = new DataView(new ArrayBuffer(44 + size + (size % 2)));
  const letters = (place, text) => [...text].forEach((letter, i) => view.setUint8(place + i, letter.charCodeAt(0)));
  letters(0, "RIFF");
  view.setUint32(4, view.byteLength - 8, true);
  letters(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // whole numbers
  view.setUint16(22, channels, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 3 * channels * rate, true);
  view.setUint16(32, 3 * channels, true);
  view.setUint16(34, 24, true);
  letters(36, "data");
  view.setUint32(40, size, true);
  let place = 44;
  for (const piece of pieces) {
    for (let i = 0; i < piece[0].length; ++i) {
      for (const channel of piece) {
        const value = Math.round(Math.min(Math.max(channel[i], -1), 1) * 8388607);
        view.setUint16(place, value & 0xffff, true);
        view.setInt8(place + 2, value >> 16);
        place += 3;
      }
    }
  }
  return view.buffer;
}
