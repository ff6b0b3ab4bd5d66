#include "dsp/attack.h"

#include <algorithm>
#include <cmath>

#include "base/vectors.h"

namespace engine {

namespace {

constexpr float kSoft = 0.1f;        // part of the greatest energy that is silence beside a stroke
constexpr double kLeastDb = -70.0;  // relative to a sine of full scale

}  // namespace

float Mean(const float* values, int count) {
  double sum = 0.0;
  for (int i = 0; i < count; ++i) sum += values[i];
  return static_cast<float>(sum / count);
}

void Attack::Make(int before, int after, int most) {
  before_ = before;
  after_ = after;
  weights_.Make(after);
  for (int i = 0; i < after; ++i) {
    weights_[i] = 1.0f - static_cast<float>(i) / static_cast<float>(after);
  }
  follows_.Make(most);
}

// The energy that follows each sample, the nearest counting most, over that of those before it.
int Attack::Rise(const float* energy, int count, float quiet) const {
  const int places = count - before_;
  float greatest = 0.0f;
  for (int t = 0; t < places; ++t) {
    Vector sums = {};
    ForEach(after_, [&](int i) { sums += Load(energy + before_ + t + i) * Load(weights_.data() + i); });
    float sum = 0.0f;
    for (int i = 0; i < kWidth; ++i) sum += sums[i];
    greatest = std::max(greatest, follows_[t] = sum);
  }
  double before = 0.0;
  for (int i = 0; i < before_; ++i) before += energy[i];
  int found = 0;
  float steepest = 0.0f;
  for (int t = 0; t < places; ++t) {
    const auto precedes = static_cast<float>(std::max(before, 0.0) / before_);
    const float rise = follows_[t] / (precedes + quiet * greatest + 1e-20f);
    if (rise > steepest) {
      steepest = rise;
      found = t;
    }
    before += double(energy[t + before_]) - energy[t];
  }
  return found;
}

int Attack::LouderBeginning(const float* energy, int count) const {
  const int later = Rise(energy, count, kSoft);
  if (later < after_) return 0;
  const float* const begun = energy + before_;
  const int rest = std::min(after_, count - before_ - later);
  return Mean(begun + later, rest) > Mean(begun, later) / kSoft ? later : 0;
}

float Strength(float before, float after) {
  const double fresh = double(after) - before;
  if (fresh <= 0.0) return 0.0f;
  const double level = 10.0 * std::log10(static_cast<float>(2.0 * fresh));
  return static_cast<float>(std::min(1.0, std::max(0.0, 1.0 - level / kLeastDb)));
}

}  // namespace engine
