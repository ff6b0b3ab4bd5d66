// The small engine as JavaScript sees it: methods, blocks, controls. Used by worklet.js, and by
// nothing of the page itself.

"use strict";

// No TextDecoder: audio worklets have none.
function textOf(bytes) {
  let text = "";
  for (const byte of bytes) text += "%" + byte.toString(16).padStart(2, "0");
  return decodeURIComponent(text);
}

function bytesOf(text) {
  const codes = encodeURIComponent(text).match(/%..|./g) ?? [];
  return Uint8Array.from(codes, (code) =>
    code.length === 3 ? parseInt(code.slice(1), 16) : code.charCodeAt(0));
}

class Engine {
  // Opens an instrument. Throws an Error that says in one line why it cannot.
  //   wasm: bytes of engine.wasm; model: bytes of the instrument; mostSamples: of a block.
  constructor(wasm, model, mostSamples = 4096) {
    const module = new WebAssembly.Module(wasm);
    const imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      imports[from] ??= {};
      imports[from][name] = () => 0; // of files, of which there are none
    }
    imports.page = {
      refused: (place, size) => {
        throw new Error(`the instrument ${textOf(this.bytes(place, size))}`);
      },
    };
    this.exports = new WebAssembly.Instance(module, imports).exports;
    this.exports._initialize();
    const place = this.claim(model.byteLength);
    this.bytes(place, model.byteLength).set(new Uint8Array(model));
    this.instrument = this.exports.vschaos_engine_open_bytes(place, model.byteLength, 1, 0, 0);
    this.exports.free(place);
    this.sampleRate = this.exports.vschaos_engine_sample_rate_hz(this.instrument);
    this.blockSamples = this.exports.vschaos_engine_block_samples(this.instrument);
    this.methods = this.readMethods(mostSamples);
  }

  bytes(place, size) {
    return new Uint8Array(this.exports.memory.buffer, place, size);
  }

  claim(size) {
    const place = this.exports.malloc(size);
    if (!place) throw new Error("the instrument needs more memory than there is");
    return place;
  }

  textAt(place) {
    const bytes = new Uint8Array(this.exports.memory.buffer);
    return textOf(bytes.subarray(place, bytes.indexOf(0, place)));
  }

  // A place for a text, which whoever asks frees.
  textIn(text) {
    const bytes = bytesOf(text);
    const place = this.claim(bytes.length + 1);
    this.bytes(place, bytes.length + 1).set([...bytes, 0]);
    return place;
  }

  // name → { index, inputs, inRatio, outputs, outRatio, and places of what goes in and out }
  readMethods(mostSamples) {
    const methods = {};
    const shape = this.claim(20);
    const rows = (count, ratio) => {
      const places = Array.from({ length: count }, () => this.claim(4 * Math.ceil(mostSamples / ratio)));
      const list = this.claim(4 * count);
      new Uint32Array(this.exports.memory.buffer, list, count).set(places);
      return { list, places };
    };
    for (let index = 0; this.exports.vschaos_engine_get_method(this.instrument, index, shape); ++index) {
      const [name, inputs, inRatio, outputs, outRatio] = new Int32Array(
        this.exports.memory.buffer.slice(shape, shape + 20));
      methods[this.textAt(name)] = {
        index, inputs, inRatio, outputs, outRatio, in: rows(inputs, inRatio), out: rows(outputs, outRatio),
      };
    }
    this.exports.free(shape);
    return methods;
  }

  // Memory may have grown, and then moved, since views were made.
  view(place, count) {
    if (this.floats?.buffer !== this.exports.memory.buffer) {
      this.floats = new Float32Array(this.exports.memory.buffer);
    }
    return this.floats.subarray(place / 4, place / 4 + count);
  }

  // Where a channel's values go before `process`, and come from after it.
  input(method, channel, count) {
    return this.view(this.methods[method].in.places[channel], count);
  }

  output(method, channel, count) {
    return this.view(this.methods[method].out.places[channel], count);
  }

  process(method, samples) {
    const { index, in: given, out: made } = this.methods[method];
    return this.exports.vschaos_engine_process(
      this.instrument, index, 0, given.list, made.list, samples) === 1;
  }

  // A number, or a word. False: there is no such control, or it does not take this value.
  set(name, value) {
    const place = this.textIn(name);
    const word = typeof value === "string" ? this.textIn(value) : 0;
    const taken = word
      ? this.exports.vschaos_engine_set_word(this.instrument, place, word)
      : this.exports.vschaos_engine_set_number(this.instrument, place, Number(value));
    this.exports.free(place);
    if (word) this.exports.free(word);
    return taken === 1;
  }

  // The number that a control shows; undefined where it shows none.
  number(name) {
    this.shown ??= this.claim(16);
    const place = this.textIn(name);
    const word = this.exports.vschaos_engine_get(this.instrument, place, this.shown, 1, this.shown + 8);
    this.exports.free(place);
    const view = new DataView(this.exports.memory.buffer, this.shown, 16);
    return word || view.getInt32(8, true) < 1 ? undefined : view.getFloat64(0, true);
  }

  reset() {
    this.exports.vschaos_engine_reset(this.instrument);
  }

  delaySamples(method) {
    return this.exports.vschaos_engine_delay_samples(this.instrument, this.methods[method].index);
  }
}
