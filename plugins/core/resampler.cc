#include "core/resampler.h"

#include <algorithm>
#include <cmath>

namespace vschaos {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kBeta = 8.96;    // of the Kaiser window: 90 dB
constexpr double kCutoff = 0.94;  // the middle of the slope, of half the lower rate

double Bessel(double x) {  // I0, by its series
  double sum = 1.0, term = 1.0;
  for (int k = 1; k < 60; ++k) {
    term *= (x / (2.0 * k)) * (x / (2.0 * k));
    sum += term;
  }
  return sum;
}

}  // namespace

void Resampler::Make(int from_hz, int to_hz, int longest) {
  const double narrowing = std::min(1.0, double(to_hz) / from_hz);
  to_hz_ = to_hz;
  half_ = static_cast<int>(std::ceil(kHalf / narrowing));
  taps_ = 2 * half_;
  table_.assign(static_cast<std::size_t>(kPhases + 1) * taps_, 0.0f);
  for (int phase = 0; phase <= kPhases; ++phase) {
    for (int tap = 0; tap < taps_; ++tap) {
      // Where a sample lies from what is read, in samples.
      const double at = tap - half_ + 1 - double(phase) / kPhases, x = kCutoff * narrowing * at;
      const double sinc = x == 0.0 ? 1.0 : std::sin(kPi * x) / (kPi * x);
      const double edge = at / half_;
      const double window =
          edge * edge < 1.0 ? Bessel(kBeta * std::sqrt(1.0 - edge * edge)) / Bessel(kBeta) : 0.0;
      table_[static_cast<std::size_t>(phase) * taps_ + tap] =
          static_cast<float>(kCutoff * narrowing * sinc * window);
    }
  }
  std::size_t size = 1;
  while (size < static_cast<std::size_t>(longest + 2 * taps_)) size *= 2;
  ring_.assign(size, 0.0f);
  mask_ = size - 1;
  Reset();
}

void Resampler::Reset() {
  std::fill(ring_.begin(), ring_.end(), 0.0f);
  written_ = 0;
}

void Resampler::Write(float sample) { ring_[static_cast<std::uint64_t>(written_++) & mask_] = sample; }

float Resampler::Read(std::int64_t whole, std::int64_t part) const {
  const double phase = double(part) * kPhases / to_hz_;
  const int row = std::min(static_cast<int>(phase), kPhases - 1);
  const float between = static_cast<float>(phase - row);
  const float* const one = &table_[static_cast<std::size_t>(row) * taps_];
  const float* const other = one + taps_;
  float sum = 0.0f;
  for (int tap = 0; tap < taps_; ++tap) {
    const std::int64_t place = whole + tap - half_ + 1;
    const float sample = place < 0 ? 0.0f : ring_[static_cast<std::uint64_t>(place) & mask_];
    sum += sample * (one[tap] + between * (other[tap] - one[tap]));
  }
  return sum;
}

}  // namespace vschaos
