#include "nn/linear.h"

namespace engine {

void Linear::Make(int inputs, int outputs) {
  inputs_ = inputs;
  outputs_ = outputs;
  const int padded = RoundUp(outputs, kPadding);
  weights_.Make(std::size_t(padded) * inputs);
  bias_.Make(padded);
}

void Linear::Place(const float* weights, bool by_output, int first_input, int inputs,
                   int first_output, int outputs) {
  for (int o = 0; o < outputs; ++o) {
    const int to = first_output + o;
    float* const panel =
        weights_.data() + std::size_t(to / kPanel) * inputs_ * kPanel + to % kPanel;
    for (int i = 0; i < inputs; ++i) {
      panel[std::size_t(first_input + i) * kPanel] =
          by_output ? weights[std::size_t(o) * inputs + i] : weights[std::size_t(i) * outputs + o];
    }
  }
}

void Linear::AddBias(const float* bias, int first_output, int outputs) {
  for (int o = 0; o < outputs; ++o) bias_[first_output + o] += bias[o];
}

template <int kRows, int kPanels>
void Linear::Panels(const float* x, int x_stride, float* y, int y_stride, int panel) const {
  Vector sums[kRows][kPanels][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int g = 0; g < kPanels; ++g) {
      for (int v = 0; v < kVectors; ++v) {
        sums[r][g][v] = Load(bias_.data() + (panel + g) * kPanel + v * kWidth);
      }
    }
  }
  const std::size_t step = std::size_t(inputs_) * kPanel;
  const float* const base = weights_.data() + panel * step;
  for (int i = 0; i < inputs_; ++i) {
    Vector given[kRows];
    for (int r = 0; r < kRows; ++r) given[r] = Splat(x[r * x_stride + i]);
#pragma GCC unroll 8
    for (int g = 0; g < kPanels; ++g) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        const Vector weight = Load(base + g * step + std::size_t(i) * kPanel + v * kWidth);
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) sums[r][g][v] += given[r] * weight;
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int g = 0; g < kPanels; ++g) {
      for (int v = 0; v < kVectors; ++v) {
        Store(y + r * y_stride + (panel + g) * kPanel + v * kWidth, sums[r][g][v]);
      }
    }
  }
}

template <int kRows>
void Linear::SomeRows(const float* x, int x_stride, float* y, int y_stride) const {
  constexpr int kTogether = kMostPanels / kRows > 0 ? kMostPanels / kRows : 1;
  const int count = RoundUp(outputs_, kPanel) / kPanel;
  int panel = 0;
  for (; panel + kTogether <= count; panel += kTogether) {
    Panels<kRows, kTogether>(x, x_stride, y, y_stride, panel);
  }
  for (; panel < count; ++panel) Panels<kRows, 1>(x, x_stride, y, y_stride, panel);
}

void Linear::operator()(const float* x, int x_stride, float* y, int y_stride, int rows) const {
  int r = 0;
  for (; r + 4 <= rows; r += 4) SomeRows<4>(x + r * x_stride, x_stride, y + r * y_stride, y_stride);
  for (; r + 2 <= rows; r += 2) SomeRows<2>(x + r * x_stride, x_stride, y + r * y_stride, y_stride);
  for (; r < rows; ++r) SomeRows<1>(x + r * x_stride, x_stride, y + r * y_stride, y_stride);
}

}  // namespace engine
