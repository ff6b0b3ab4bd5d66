// Layers without a product of matrices: norms and curves, each on one row in place.

#ifndef VSCHAOS_ENGINE_NN_LAYERS_H_
#define VSCHAOS_ENGINE_NN_LAYERS_H_

#include "base/floats.h"
#include "base/vectors.h"

namespace engine {

// Layer normalisation over a row, with gain and offset; a variance of all of it, plus 1e-5.
class LayerNorm {
 public:
  void Make(const float* gain, const float* offset, int size);
  // x → y, rows of `size`; may be the same.
  void operator()(const float* x, float* y) const;

 private:
  int size_ = 0;
  Floats gain_, offset_;
};

// x / (1 + e^-x).
void Silu(float* x, int count);
// ln(1 + e^x); x itself above 20, as torch has it.
void Softplus(float* x, int count);

// What no value of a row exceeds, but softly: x - ln(1 + e^(4 (x - c))) / 4; see nets/bound.py.
void Bound(float* x, const float* ceiling, int count);
// A frame of magnitudes whose norm stays below `greatest`: S (1 + (‖S‖/g)^6)^(-1/6).
void BoundNorm(float* magnitudes, float greatest, int count);

}  // namespace engine

#endif  // VSCHAOS_ENGINE_NN_LAYERS_H_
