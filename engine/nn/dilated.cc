#include "nn/dilated.h"

#include <cstring>

namespace engine {

void Dilated::Make(int inputs, int outputs, int kernel, int dilation, int together) {
  inputs_ = inputs;
  kernel_ = kernel;
  dilation_ = dilation;
  rows_ = together;
  while (rows_ < (kernel - 1) * dilation + together) rows_ *= 2;
  taps_.Make(kernel * inputs, outputs);
  gathered_.Make(together, kernel * inputs);
}

void Dilated::Place(const float* weights, const float* bias) {
  Floats row(std::size_t(kernel_) * inputs_);
  for (int o = 0; o < outputs(); ++o) {
    const float* const from = weights + std::size_t(o) * inputs_ * kernel_;
    for (int i = 0; i < inputs_; ++i) {
      for (int k = 0; k < kernel_; ++k) row[k * inputs_ + i] = from[i * kernel_ + k];
    }
    taps_.Place(row.data(), true, 0, kernel_ * inputs_, o, 1);
  }
  if (bias) taps_.AddBias(bias, 0, outputs());
}

void Dilated::PlaceWide(const float* weights, const float* bias) {
  taps_.Place(weights, false, 0, taps_.inputs(), 0, outputs());
  taps_.AddBias(bias, 0, outputs());
}

Dilated::Past Dilated::Begun() const {
  Past past;
  past.ring.Make(std::size_t(rows_) * inputs_);
  return past;
}

void Dilated::Forget(Past* past) {
  past->ring.Zero();
  past->at = 0;
}

void Dilated::Fill(const float* x, Past* past) const {
  for (int row = 0; row < rows_; ++row) {
    std::memcpy(past->ring.data() + std::size_t(row) * inputs_, x, inputs_ * sizeof(float));
  }
}

void Dilated::operator()(const Rows& x, int count, Rows* y, Past* past) const {
  const std::size_t bytes = inputs_ * sizeof(float);
  float* const ring = past->ring.data();
  const int mask = rows_ - 1;
  for (int t = 0; t < count; ++t) {
    std::memcpy(ring + std::size_t((past->at + t) & mask) * inputs_, x[t], bytes);
  }
  for (int t = 0; t < count; ++t) {
    float* const to = gathered_[t];
    for (int k = 0; k < kernel_; ++k) {
      const int row = (past->at + t - (kernel_ - 1 - k) * dilation_) & mask;
      std::memcpy(to + k * inputs_, ring + std::size_t(row) * inputs_, bytes);
    }
  }
  past->at = (past->at + count) & mask;
  taps_(gathered_[0], gathered_.stride(), (*y)[0], y->stride(), count);
}

}  // namespace engine
