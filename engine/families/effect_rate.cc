#include "families/effect_rate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/refused.h"
#include "base/vectors.h"

namespace engine {

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kZeros = 38, kMostKernels = 1000, kMostHalf = 2048;
constexpr double kBeta = 10.06;

// The modified Bessel function I0 by its series, Σ ((x/2)ⁿ / n!)².
ENGINE_ONCE double Bessel(double x) {
  double sum = 1.0, term = 1.0;
  for (int n = 1; n < 64 && term > 1e-17 * sum; ++n) {
    term *= x * x / (4.0 * n * n);
    sum += term;
  }
  return sum;
}

int Ceiling(std::int64_t of, int by) { return static_cast<int>((of + by - 1) / by); }

}  // namespace

void Recent::Make(int rows, int least) {
  int size = 64;
  while (size < least) size *= 2;
  rows_.Make(rows, 2 * size);
  mask_ = size - 1;
}

void Recent::Write(int row, const float* samples, int count) {
  float* const to = rows_[row];
  for (int i = 0; i < count; ++i) {
    const std::int64_t place = (count_ + i) & mask_;
    to[place] = to[place + mask_ + 1] = samples[i];
  }
}

ENGINE_ONCE void Resampling::Make(int from_hz, int to_hz) {
  const int common = std::gcd(from_hz, to_hz);
  up_ = to_hz / common;
  down_ = from_hz / common;
  const double cutoff = std::min(1.0, double(to_hz) / from_hz), half = std::ceil(kZeros / cutoff);
  if (std::max(up_, down_) > kMostKernels || half > kMostHalf) {
    Refuse("has a rate of hosts that it cannot be played at: export it again");
  }
  half_ = static_cast<int>(half);
  kernels_.Make(up_, 2 * half_);
  for (int f = 0; f < up_; ++f) {
    float* const kernel = kernels_[f];
    double sum = 0.0;
    for (int i = 0; i < 2 * half_; ++i) {
      const double distance = i + 1 - half_ - double(f) / up_;
      const double angle = kPi * cutoff * distance, place = distance / half_;
      const double sinc = angle == 0.0 ? 1.0 : std::sin(angle) / angle;
      const double made = sinc * Bessel(kBeta * std::sqrt(std::max(0.0, 1.0 - place * place)));
      kernel[i] = static_cast<float>(made);
      sum += made;
    }
    for (int i = 0; i < 2 * half_; ++i) kernel[i] = static_cast<float>(kernel[i] / sum);
  }
}

std::int64_t Resampling::Below(std::int64_t number, int* fraction) const {
  const std::int64_t time = number * down_;
  std::int64_t below = time / up_;
  if (below * up_ > time) --below;
  *fraction = static_cast<int>(time - below * up_);
  return below;
}

float Resampling::operator()(const Recent& of, int row, std::int64_t number) const {
  int fraction;
  const float* const x = of.At(row, Below(number, &fraction) + 1 - half_);
  const float* const kernel = kernels_[fraction];
  Vector sums = {};
  // Behind its end a kernel is 0.
  for (int i = 0; i < 2 * half_; i += kWidth) sums += Load(x + i) * Load(kernel + i);
  float sum = 0.0f;
  for (int i = 0; i < kWidth; ++i) sum += sums[i];
  return sum;
}

float Resampling::Between(const Recent& of, int row, std::int64_t number) const {
  int fraction;
  const float* const x = of.At(row, Below(number, &fraction));
  return x[0] + (x[1] - x[0]) * (static_cast<float>(fraction) / static_cast<float>(up_));
}

ENGINE_ONCE HostBridge::HostBridge(int host_hz, int model_hz, int block)
    : rate_hz_(host_hz), block_(block) {
  inward_.Make(host_hz, model_hz);
  outward_.Make(model_hz, host_hz);
  const int ahead = inward_.ahead(), behind = outward_.ahead();
  const int up = inward_.up(), down = inward_.down();
  delay_ = ahead - 1 + Ceiling(std::int64_t(behind + block) * down, up);
  heard_size_ = std::max(2 * ahead + Ceiling(std::int64_t(block) * down, up), delay_);
  made_size_ = behind + Ceiling(std::int64_t(delay_) * up, down);
}

std::int64_t HostBridge::Due(std::int64_t heard) const {
  const std::int64_t ready = std::max<std::int64_t>(heard - inward_.ahead(), 0) * inward_.up();
  const std::int64_t count = (ready + inward_.down() - 1) / inward_.down();
  return count - count % block_;
}

}  // namespace engine
