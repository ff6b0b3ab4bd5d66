// A dilated convolution over samples that arrive in order, and the past that it hears.

#ifndef VSCHAOS_ENGINE_NN_DILATED_H_
#define VSCHAOS_ENGINE_NN_DILATED_H_

#include "base/floats.h"
#include "nn/linear.h"

namespace engine {

// y[t] = Σ_k W_k x[t - (kernel - 1 - k) dilation] + b, as torch.nn.Conv1d has it.
class Dilated {
 public:
  // The last samples, each a row of channels, in a ring.
  struct Past {
    Floats ring;
    int at = 0;  // the row of the next sample
  };

  // Rows of x and y are `together` at most, a power of two.
  void Make(int inputs, int outputs, int kernel, int dilation, int together);
  // Weights [outputs][inputs][kernel]; `bias` may be nullptr.
  void Place(const float* weights, const float* bias);

  // The same of weights [kernel · inputs][outputs], the oldest sample's first.
  void PlaceWide(const float* weights, const float* bias);

  int inputs() const { return inputs_; }
  int outputs() const { return taps_.outputs(); }
  // Floats that a past takes.
  std::int64_t room() const { return std::int64_t(rows_) * inputs_; }

  Past Begun() const;
  static void Forget(Past* past);
  // As if every sample before had been this one.
  void Fill(const float* x, Past* past) const;

  // The next samples, rows of x → rows of y, whose rows have room as a Linear asks for.
  void operator()(const Rows& x, int count, Rows* y, Past* past) const;

 private:
  int inputs_ = 0, kernel_ = 0, dilation_ = 0, rows_ = 0;
  Linear taps_;
  mutable Rows gathered_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_NN_DILATED_H_
