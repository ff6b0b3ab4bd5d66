// y = x · W + b for a few rows of x at a time.

#ifndef VSCHAOS_ENGINE_NN_LINEAR_H_
#define VSCHAOS_ENGINE_NN_LINEAR_H_

#include "base/floats.h"
#include "base/vectors.h"

namespace engine {

// Weights in panels of 16 outputs: within a panel the outputs of input 0, then of input 1 …, so
// that they are read once, in order. Rows are worked out four, two or one at a time; a row's
// numbers are the same whichever it is.
class Linear {
 public:
  static constexpr int kPanel = 16;   // outputs
  static constexpr int kPadding = 8 * kPanel;  // rows of y have room for a multiple of this

  Linear() = default;
  Linear(int inputs, int outputs) { Make(inputs, outputs); }

  void Make(int inputs, int outputs);

  // Weights of some inputs for some outputs, the others staying as they are. `by_output`: stored
  // as [outputs][inputs], else as [inputs][outputs].
  void Place(const float* weights, bool by_output, int first_input, int inputs, int first_output,
             int outputs);
  void AddBias(const float* bias, int first_output, int outputs);

  int inputs() const { return inputs_; }
  int outputs() const { return outputs_; }

  // x [rows][x_stride] → y [rows][y_stride], whose rows hold RoundUp(outputs, kPadding) floats.
  void operator()(const float* x, int x_stride, float* y, int y_stride, int rows) const;

 private:
  static constexpr int kVectors = kPanel / kWidth;
  static constexpr int kMostPanels = 8 / kVectors;  // eight sums at a time

  template <int kRows, int kPanels>
  void Panels(const float* x, int x_stride, float* y, int y_stride, int panel) const;
  template <int kRows>
  void SomeRows(const float* x, int x_stride, float* y, int y_stride) const;

  int inputs_ = 0, outputs_ = 0;
  Floats weights_, bias_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_NN_LINEAR_H_
