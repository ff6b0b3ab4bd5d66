// Plays jobs with the engine of web pages, as a page's worklet does: node play.mjs WEB JOBS
//
//   WEB   the folder of engine.js and engine.wasm
//   JOBS  JSON: { model, opened: [{ set: {name: value}, plays: [{ method, block, in, out }] }] }, where
//         in and out are files of floats, one channel behind the other
//
// Prints JSON: what the instrument is, or why it is none.

import fs from "node:fs";
import path from "node:path";
import vm from "node:vm";

const [, , web, jobs] = process.argv;
vm.runInThisContext(`${fs.readFileSync(path.join(web, "engine.js"), "utf8")}; globalThis.Engine = Engine;`);
const { model, opened } = JSON.parse(fs.readFileSync(jobs, "utf8"));
const wasm = fs.readFileSync(path.join(web, "engine.wasm"));

function floats(file) {
  const bytes = fs.readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function play(engine, { method, block, in: given, out }) {
  const { inputs, inRatio, outputs, outRatio } = engine.methods[method];
  const values = floats(given), count = values.length / inputs;
  const made = new Float32Array((outputs * count * inRatio) / outRatio), length = made.length / outputs;
  const step = block / inRatio, stride = block / outRatio;
  for (let i = 0; i * step < count; ++i) {
    const now = Math.min(step, count - i * step), samples = now * inRatio;
    for (let c = 0; c < inputs; ++c) {
      engine.input(method, c, now).set(values.subarray(c * count + i * step, c * count + i * step + now));
    }
    if (!engine.process(method, samples)) throw new Error(`${method} refuses a block of ${samples}`);
    for (let c = 0; c < outputs; ++c) {
      made.set(engine.output(method, c, samples / outRatio), c * length + i * stride);
    }
  }
  fs.writeFileSync(out, Buffer.from(made.buffer));
}

const said = {};
try {
  const engine = new Engine(wasm, fs.readFileSync(model), 16384);
  Object.assign(said, { sampleRate: engine.sampleRate, blockSamples: engine.blockSamples, taken: [], spent: [] });
  said.delays = Object.fromEntries(Object.keys(engine.methods).map((name) => [name, engine.delaySamples(name)]));
  for (const { set, plays } of opened) {
    for (const [name, value] of Object.entries(set)) said.taken.push(engine.set(name, value));
    said.numbers = Object.fromEntries(Object.keys(set).map((name) => [name, engine.number(name)]));
    engine.reset();
    for (const job of plays) {
      engine.reset();
      const start = process.hrtime.bigint();
      play(engine, job);
      said.spent.push(Number(process.hrtime.bigint() - start) / 1e9);
    }
  }
} catch (error) {
  said.error = error.message;
}
console.log(JSON.stringify(said));
