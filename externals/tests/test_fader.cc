#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/fader.h"

using vschaos::Fader;

namespace {

// Runs a fader over a constant, present where `pattern` says so, `block` samples at a time.
std::vector<float> Play(const std::vector<bool>& pattern, int block, float value) {
  Fader fader;
  fader.Init(1);
  const std::vector<float> source(block, value);
  std::vector<float> output(pattern.size() * block);
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    float* out = output.data() + i * block;
    fader.Process(pattern[i] ? source.data() : nullptr, block, &out, block);
  }
  return output;
}

}  // namespace

TEST_CASE("the first sound is untouched") {
  const std::vector<float> output = Play({false, true, true}, 64, 0.5f);
  for (int i = 0; i < 64; ++i) CHECK(output[i] == 0.0f);
  for (int i = 64; i < 192; ++i) CHECK(output[i] == 0.5f);
}

TEST_CASE("a gap sinks to zero and rises from it in straight lines") {
  const std::vector<float> output = Play({true, false, false, true, true}, 64, 0.5f);
  for (int i = 0; i < 64; ++i) {
    CHECK(output[64 + i] == doctest::Approx(0.5 * (63 - i) / 64));
    CHECK(output[128 + i] == 0.0f);
    CHECK(output[192 + i] == doctest::Approx(0.5 * (i + 1) / 64));
    CHECK(output[256 + i] == 0.5f);
  }
}

TEST_CASE("no pattern of gaps and no block size makes a step") {
  unsigned random = 1;
  for (int block : {1, 16, 48, 64, 256}) {
    std::vector<bool> pattern{true};
    for (int i = 0; i < 4000 / block; ++i) {
      random = random * 1664525u + 1013904223u;
      pattern.push_back(random >> 31);
    }
    const std::vector<float> output = Play(pattern, block, 1.0f);
    float largest = 0.0f;
    for (std::size_t i = 1; i < output.size(); ++i) {
      largest = std::max(largest, std::abs(output[i] - output[i - 1]));
    }
    CHECK(largest <= 1.0001f / Fader::kFadeSamples);
  }
}
