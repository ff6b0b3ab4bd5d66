// Decaying oscillations, driven and read by every channel: see vschaos2/nets/state_space.py.

#ifndef VSCHAOS_ENGINE_NN_STATE_SPACE_H_
#define VSCHAOS_ENGINE_NN_STATE_SPACE_H_

#include <vector>

#include "base/floats.h"

namespace engine {

// s ← a s + x, y = Re Σ c s + d x, of complex states of each channel, in double: a state of
// minutes is turned millions of times.
class StateSpace {
 public:
  // Real parts, then imaginary parts, of state 0 of all channels, of state 1 …
  using Past = std::vector<double>;

  // log_step and direct [width], the others [width][states], as they were learnt.
  void Make(int width, int states, const float* log_step, const float* log_decay,
            const float* turns, const float* read_real, const float* read_imaginary,
            const float* direct);
  Past Begun() const { return Past(2 * pole_real_.size()); }

  // One sample's channels, x → y; they may be the same.
  void operator()(const float* x, float* y, Past* past) const;

 private:
  int width_ = 0, states_ = 0;
  std::vector<double> pole_real_, pole_imaginary_, read_real_, read_imaginary_, direct_;
  mutable std::vector<double> sums_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_NN_STATE_SPACE_H_
