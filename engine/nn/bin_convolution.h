// Convolutions along the bins of one frame, as torch.nn.Conv1d and ConvTranspose1d have them.

#ifndef VSCHAOS_ENGINE_NN_BIN_CONVOLUTION_H_
#define VSCHAOS_ENGINE_NN_BIN_CONVOLUTION_H_

#include "base/floats.h"
#include "nn/linear.h"

namespace engine {

// Rows of so many channels, one behind the other.
struct Bins {
  int count = 0, channels = 0;
  Floats values;

  void Make(int bins, int of_each) {
    count = bins;
    channels = of_each;
    values.Make(std::size_t(bins) * of_each);
  }
  float* row(int bin) { return values.data() + std::size_t(bin) * channels; }
  const float* row(int bin) const { return values.data() + std::size_t(bin) * channels; }
};

// y[q] = Σ_k W_k x[q stride - padding + k] + b, outside of x zeros: a product of each row with its
// neighbours beside it.
class BinConvolution {
 public:
  // Weights [outputs][inputs][kernel].
  void Make(const float* weights, const float* bias, int inputs, int outputs, int kernel,
            int stride, int padding);
  // Weights of a transposed convolution [inputs][outputs][2 stride]: a row and the one before it
  // make `stride` rows of `outputs`; the first of them all lies half a stride before x.
  void MakeTransposed(const float* weights, const float* bias, int inputs, int outputs, int stride);

  // Rows that it makes of so many.
  int Count(int bins) const { return (bins + 2 * padding_ - kernel_) / stride_ + 1; }
  // Rows of x → Count rows, one behind the other.
  void operator()(const Bins& x, float* y);

 private:
  static constexpr int kTogether = 4;  // rows of a product

  void MakeRoom(int inputs);

  int kernel_ = 1, stride_ = 1, padding_ = 0;
  Linear taps_;
  Rows given_, made_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_NN_BIN_CONVOLUTION_H_
