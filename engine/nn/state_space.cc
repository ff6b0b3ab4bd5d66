#include "nn/state_space.h"

#include <cmath>

namespace engine {

void StateSpace::Make(int width, int states, const float* log_step, const float* log_decay,
                      const float* turns, const float* read_real, const float* read_imaginary,
                      const float* direct) {
  width_ = width;
  states_ = states;
  const std::size_t count = std::size_t(width) * states;
  for (auto* row : {&pole_real_, &pole_imaginary_, &read_real_, &read_imaginary_}) {
    row->resize(count);
  }
  direct_.assign(direct, direct + width);
  sums_.resize(width);
  for (int c = 0; c < width; ++c) {
    const double step = std::exp(double(log_step[c]));
    for (int n = 0; n < states; ++n) {
      const int from = c * states + n, to = n * width + c;
      const double size = std::exp(-step * std::exp(double(log_decay[from])));
      pole_real_[to] = size * std::cos(step * turns[from]);
      pole_imaginary_[to] = size * std::sin(step * turns[from]);
      read_real_[to] = step * read_real[from];
      read_imaginary_[to] = step * read_imaginary[from];
    }
  }
}

void StateSpace::operator()(const float* x, float* y, Past* past) const {
  const std::size_t count = pole_real_.size();
  for (int c = 0; c < width_; ++c) sums_[c] = direct_[c] * x[c];
  for (int n = 0; n < states_; ++n) {
    const std::size_t first = std::size_t(n) * width_;
    const double *const a = pole_real_.data() + first, *const b = pole_imaginary_.data() + first;
    const double *const c = read_real_.data() + first, *const d = read_imaginary_.data() + first;
    double *const real = past->data() + first, *const imaginary = real + count;
    double* const sums = sums_.data();
    for (int i = 0; i < width_; ++i) {
      const double turned = a[i] * real[i] - b[i] * imaginary[i] + x[i];
      imaginary[i] = a[i] * imaginary[i] + b[i] * real[i];
      real[i] = turned;
      sums[i] += c[i] * real[i] - d[i] * imaginary[i];
    }
  }
  for (int c = 0; c < width_; ++c) y[c] = static_cast<float>(sums_[c]);
}

}  // namespace engine
