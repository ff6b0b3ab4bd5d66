// The way of the sound to the model and back: chunks, and when each of them is due.

#ifndef VSCHAOS_CORE_STREAM_H_
#define VSCHAOS_CORE_STREAM_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <numeric>
#include <vector>

#include "core/spsc_ring.h"

namespace vschaos {

// Sizes in samples.
struct Geometry {
  int block = 64;     // what the host hands over at once
  int buffer = 0;     // what the player asked for, rounded up; 0: no thread
  int chunk = 64;     // what the model gets at once
  int delay = 0;      // from a sample's arrival to its result
  bool threaded = false;

  bool operator==(const Geometry& other) const {
    return block == other.block && buffer == other.buffer && chunk == other.chunk;
  }
};

// Plans a stream for a model that takes multiples of `granularity` samples.
//
// Without a thread, a chunk is processed in the call that completes it, and its first sample leaves
// in that same call: delay = chunk - block. With the thread, a chunk completed in one call is due
// `delay` after its first sample came, so the worker has delay - chunk + block samples of time for
// it, and has to have at least a chunk's own duration. Chunks of half the buffer give it that at
// delay = buffer; only a buffer of a single grain cannot be halved, and needs 2·chunk - block.
inline Geometry Plan(int block, int buffer, int granularity) {
  const int grain = std::lcm(granularity, block);
  Geometry plan;
  plan.block = block;
  plan.threaded = buffer > 0;
  if (!plan.threaded) {
    plan.chunk = grain;
    plan.delay = grain - block;
    return plan;
  }
  plan.buffer = (buffer + grain - 1) / grain * grain;
  plan.chunk = std::max(grain, plan.buffer / 2 / grain * grain);
  plan.delay = std::max(plan.buffer, 2 * plan.chunk - block);
  return plan;
}

// Some samples of every channel.
struct Chunk {
  std::int64_t position = 0;   // of its first sample, counted from the stream's start
  bool valid = false;          // false: the model had nothing to say, so silence is meant
  std::vector<float> samples;  // [channels, chunk]
};

// Chunks on their way to the worker and back.
struct Stream {
  Stream(const Geometry& plan, int inlets, int outlets)
      : geometry(plan), in(SlotCount(plan)), out(SlotCount(plan)) {
    for (Chunk& chunk : in.slots()) chunk.samples.resize(std::size_t(inlets) * plan.chunk);
    for (Chunk& chunk : out.slots()) chunk.samples.resize(std::size_t(outlets) * plan.chunk);
  }

  const Geometry geometry;
  SpscRing<Chunk> in;
  SpscRing<Chunk> out;
  std::atomic<std::int64_t> position{0};  // samples that have arrived

 private:
  static std::size_t SlotCount(const Geometry& plan) { return plan.delay / plan.chunk + 4; }
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_STREAM_H_
