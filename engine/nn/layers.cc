#include "nn/layers.h"

namespace engine {

namespace {

constexpr float kSharpness = 4.0f;  // of Bound
constexpr float kVarianceFloor = 1e-5f;

}  // namespace

void LayerNorm::Make(const float* gain, const float* offset, int size) {
  size_ = size;
  gain_.Make(size);
  offset_.Make(size);
  gain_.Copy(gain, size);
  offset_.Copy(offset, size);
}

void LayerNorm::operator()(const float* x, float* y) const {
  const int whole = size_ / kWidth * kWidth;
  Vector sums = {};
  for (int i = 0; i < whole; i += kWidth) sums += Load(x + i);
  float sum = 0.0f;
  for (int i = 0; i < kWidth; ++i) sum += sums[i];
  for (int i = whole; i < size_; ++i) sum += x[i];
  const float mean = sum / static_cast<float>(size_);
  Vector squares = {};
  for (int i = 0; i < whole; i += kWidth) {
    const Vector off = Load(x + i) - mean;
    squares += off * off;
  }
  float square = 0.0f;
  for (int i = 0; i < kWidth; ++i) square += squares[i];
  for (int i = whole; i < size_; ++i) square += (x[i] - mean) * (x[i] - mean);
  const float scale = 1.0f / std::sqrt(square / static_cast<float>(size_) + kVarianceFloor);
  for (int i = 0; i < whole; i += kWidth) {
    Store(y + i, (Load(x + i) - mean) * scale * Load(gain_.data() + i) + Load(offset_.data() + i));
  }
  for (int i = whole; i < size_; ++i) y[i] = (x[i] - mean) * scale * gain_[i] + offset_[i];
}

void Silu(float* x, int count) {
  ForEach(count, [&](int i) {
    const Vector v = Load(x + i);
    Store(x + i, v / (1.0f + Exponential(-v)));
  });
}

void Softplus(float* x, int count) {
  ForEach(count, [&](int i) { Store(x + i, SoftplusOf(Load(x + i))); });
}

void Bound(float* x, const float* ceiling, int count) {
  ForEach(count, [&](int i) {
    const Vector v = Load(x + i);
    const Vector over = SoftplusOf((v - Load(ceiling + i)) * kSharpness);
    Store(x + i, v - over * (1.0f / kSharpness));
  });
}

void BoundNorm(float* magnitudes, float greatest, int count) {
  double sum = 0.0;
  for (int i = 0; i < count; ++i) sum += double(magnitudes[i]) * magnitudes[i];
  const double relative = std::sqrt(sum) / greatest;
  const double cube = relative * relative * relative;
  const float factor = static_cast<float>(std::pow(1.0 + cube * cube, -1.0 / 6.0));
  ForEach(count, [&](int i) { Store(magnitudes + i, Load(magnitudes + i) * factor); });
}

}  // namespace engine
