#include "nn/bin_convolution.h"

#include <algorithm>
#include <cstring>

namespace engine {

void BinConvolution::Make(const float* weights, const float* bias, int inputs, int outputs,
                          int kernel, int stride, int padding) {
  kernel_ = kernel;
  stride_ = stride;
  padding_ = padding;
  Floats row(std::size_t(kernel) * inputs);
  taps_.Make(kernel * inputs, outputs);
  for (int o = 0; o < outputs; ++o) {
    for (int i = 0; i < inputs; ++i) {
      for (int k = 0; k < kernel; ++k) {
        row[std::size_t(k) * inputs + i] = weights[(std::size_t(o) * inputs + i) * kernel + k];
      }
    }
    taps_.Place(row.data(), true, 0, kernel * inputs, o, 1);
  }
  taps_.AddBias(bias, 0, outputs);
  MakeRoom(inputs);
}

void BinConvolution::MakeTransposed(const float* weights, const float* bias, int inputs,
                                    int outputs, int stride) {
  kernel_ = 2;
  stride_ = padding_ = 1;
  Floats row(std::size_t(2) * inputs);
  taps_.Make(2 * inputs, stride * outputs);
  for (int k = 0; k < stride; ++k) {
    for (int o = 0; o < outputs; ++o) {
      for (int i = 0; i < inputs; ++i) {
        const float* const of = weights + (std::size_t(i) * outputs + o) * 2 * stride;
        row[i] = of[k + stride];
        row[inputs + i] = of[k];
      }
      taps_.Place(row.data(), true, 0, 2 * inputs, k * outputs + o, 1);
      taps_.AddBias(bias + o, k * outputs + o, 1);
    }
  }
  MakeRoom(inputs);
}

void BinConvolution::operator()(const Bins& x, float* y) {
  const int count = Count(x.count), inputs = taps_.inputs() / kernel_;
  for (int q = 0; q < count; q += kTogether) {
    const int rows = std::min(kTogether, count - q);
    for (int r = 0; r < rows; ++r) {
      for (int k = 0; k < kernel_; ++k) {
        const int bin = (q + r) * stride_ - padding_ + k;
        float* const to = given_[r] + k * inputs;
        if (bin >= 0 && bin < x.count) {
          std::memcpy(to, x.row(bin), inputs * sizeof(float));
        } else {
          std::fill_n(to, inputs, 0.0f);
        }
      }
    }
    taps_(given_[0], given_.stride(), made_[0], made_.stride(), rows);
    for (int r = 0; r < rows; ++r, y += taps_.outputs()) {
      std::memcpy(y, made_[r], taps_.outputs() * sizeof(float));
    }
  }
}

void BinConvolution::MakeRoom(int inputs) {
  given_.Make(kTogether, kernel_ * inputs);
  made_.Make(kTogether, RoundUp(taps_.outputs(), Linear::kPadding));
}

}  // namespace engine
