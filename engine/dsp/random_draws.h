// Where the random numbers of a frame lie in two tables: see vschaos2/dsp/random_draws.py.

#ifndef VSCHAOS_ENGINE_DSP_RANDOM_DRAWS_H_
#define VSCHAOS_ENGINE_DSP_RANDOM_DRAWS_H_

#include <cstdint>

namespace engine {

// Rows of two tables whose lengths are prime, read side by side.
struct Draw {
  static constexpr std::int64_t kRowsA = 8191, kRowsB = 8179;

  Draw(std::int64_t frame, std::int64_t seed)
      : a((frame * kStride + seed * kSeedA) % kRowsA),
        b((frame * kStride + seed * kSeedB) % kRowsB) {}

  std::int64_t a, b;

 private:
  static constexpr std::int64_t kStride = 3571, kSeedA = 1237, kSeedB = 5113;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_DSP_RANDOM_DRAWS_H_
