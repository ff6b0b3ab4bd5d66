// Activations by name, with their numbers: see vschaos2/nets/activations.py.

#ifndef VSCHAOS_ENGINE_NN_BENT_H_
#define VSCHAOS_ENGINE_NN_BENT_H_

#include "file/json.h"

namespace engine {

class Bent {
 public:
  // The identity, until it is read. Throws Refused.
  void Read(const Json& row);
  // x → y, rows with room behind their end; may be the same.
  void operator()(const float* x, float* y, int count) const;

 private:
  enum class Kind { kBent, kTanh, kSigmoid, kSilu, kSoftsign, kHardswish };

  Kind kind_ = Kind::kBent;
  float lowest_ = -1e30f, highest_ = 1e30f;      // of a line that is bent, between these
  float slope_below_ = 0.0f, slope_above_ = 0.0f;
  float scale_ = 1.0f, offset_ = 0.0f;  // of a softsign
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_NN_BENT_H_
