#include "dsp/phase.h"

#include <algorithm>
#include <cmath>

#include "base/vectors.h"

namespace engine {

namespace {

constexpr int kLevels = 3;         // a phase travels unchallenged for 2^3 bins
constexpr float kDrowned = -1e30f;
constexpr double kPi = 3.14159265358979323846;
const float kLogTolerance = static_cast<float>(std::log(1e-5));

}  // namespace

void LogMagnitude(const float* magnitudes, float* logs, int bins) {
  ForEach(bins, [&](int k) { Store(logs + k, Logarithm(Load(magnitudes + k) + kLogFloor)); });
}

void TimeDerivative(const float* two_before, const float* before, const float* now,
                    const float* next, float* slope, int bins) {
  if (next) {
    for (int k = 0; k < bins; ++k) slope[k] = 0.5f * (next[k] - before[k]);
    return;
  }
  for (int k = 0; k < bins; ++k) slope[k] = 1.5f * now[k] - 2.0f * before[k] + 0.5f * two_before[k];
}

void Wrap(float* phases, int bins) {
  // What is between is exact in float64.
  const double turn = static_cast<float>(2.0 * kPi), turns = 1.0 / turn;
  for (int k = 0; k < bins; ++k) {
    const double value = phases[k];
    phases[k] = static_cast<float>(value - std::floor(value * turns) * turn);
  }
}

void WithPhase(const float* magnitudes, const float* phases, float* real, float* imaginary,
               int bins) {
  Vector alternation = {};
  for (int i = 0; i < kWidth; ++i) alternation[i] = i % 2 ? -1.0f : 1.0f;
  ForEach(bins, [&](int k) {
    Vector sine, cosine;
    SineAndCosine(Load(phases + k), &sine, &cosine);
    const Vector signed_magnitude = Load(magnitudes + k) * alternation;
    Store(real + k, signed_magnitude * cosine);
    Store(imaginary + k, signed_magnitude * sine);
  });
}

void PhasePropagation::Make(int n_fft, int hop, const float* advance) {
  bins_ = n_fft / 2 + 1;
  coupling_ = static_cast<float>(kPi / (4.0 * std::log(100.0)) * n_fft / hop);
  for (Floats* row : {&advance_, &step_, &across_, &next_, &lowest_, &highest_, &left_, &right_}) {
    row->Make(bins_);
  }
  advance_.Copy(advance, bins_);
  is_low_.resize(bins_);
  is_root_.resize(bins_);
  roots_.resize(bins_);
}

// The level at which each bin hands on a phase that came from its left neighbour, and from its
// right one: clamps composed over 1, 2 and 4 bins.
void PhasePropagation::Scan(const float* before, const float* now) {
  float *lo = lowest_.data(), *hi = highest_.data();
  for (const bool from_left : {true, false}) {
    for (int k = 0; k < bins_; ++k) {
      hi[k] = is_low_[k] ? kDrowned : now[k];
      lo[k] = std::min(before[k], hi[k]);
    }
    for (int level = 0, distance = 1; level < kLevels && distance < bins_;
         ++level, distance *= 2) {
      const auto compose = [&](int from, int to) {
        const float low = std::min(std::max(lo[from], lo[to]), hi[to]);
        hi[to] = std::min(std::max(hi[from], lo[to]), hi[to]);
        lo[to] = low;
      };
      // Each bin reads one that is not yet changed.
      if (from_left) {
        for (int k = bins_ - 1; k >= distance; --k) compose(k - distance, k);
      } else {
        for (int k = 0; k < bins_ - distance; ++k) compose(k + distance, k);
      }
    }
    if (from_left) {
      left_[0] = kDrowned;
      std::copy(lo, lo + bins_ - 1, left_.data() + 1);
    } else {
      right_[bins_ - 1] = kDrowned;
      std::copy(lo + 1, lo + bins_, right_.data());
    }
  }
}

void PhasePropagation::FindRoots(const float* before) {
  int nearest = 0;
  for (int k = 0; k < bins_; ++k) {
    is_root_[k] = is_low_[k] || before[k] >= std::max(left_[k], right_[k]);
    if (is_root_[k]) nearest = k;
    roots_[k] = nearest;
  }
  nearest = bins_ - 1;
  for (int k = bins_ - 1; k >= 0; --k) {
    if (is_root_[k]) nearest = k;
    if (left_[k] < right_[k]) roots_[k] = nearest;
  }
}

void PhasePropagation::TimeStep(const float* before, const float* now, float* step) const {
  const float quarter = static_cast<float>(0.25 / coupling_);
  const int last = bins_ - 1;
  step[0] = advance_[0];
  step[last] = advance_[last];
  for (int k = 1; k < last; ++k) {
    const float rise = (now[k + 1] + before[k + 1]) - (now[k - 1] + before[k - 1]);
    step[k] = advance_[k] + rise * quarter;
  }
}

void PhasePropagation::operator()(const float* before, const float* now, const float* derivative,
                                  const float* noise, float* phase) {
  float peak = kDrowned;
  for (int k = 0; k < bins_; ++k) peak = std::max(peak, std::max(before[k], now[k]));
  const float limit = peak + kLogTolerance;
  for (int k = 0; k < bins_; ++k) is_low_[k] = now[k] <= limit;
  Scan(before, now);
  FindRoots(before);
  // torch sums in double precision, and rounds each sum.
  double sum = 0.0;
  for (int k = 0; k < bins_; ++k) {
    const float slope = derivative[k] * -coupling_;
    sum += slope;
    across_[k] = static_cast<float>(sum) - 0.5f * slope;
  }
  TimeStep(before, now, step_.data());
  for (int k = 0; k < bins_; ++k) step_[k] -= across_[k];
  for (int k = 0; k < bins_; ++k) {
    const int root = roots_[k];
    next_[k] = phase[root] + (is_low_[k] ? noise[k] : step_[root] + across_[k]);
  }
  std::copy_n(next_.data(), bins_, phase);
  Wrap(phase, bins_);
  // Bin 0 is real: 0 or π.
  phase[0] = std::nearbyint(phase[0] * static_cast<float>(1.0 / kPi)) * static_cast<float>(kPi);
}

}  // namespace engine
