// An attack in the waveform: where it begins, and how strong it is: see vschaos2/events/attack.py.

#ifndef VSCHAOS_ENGINE_DSP_ATTACK_H_
#define VSCHAOS_ENGINE_DSP_ATTACK_H_

#include "base/floats.h"

namespace engine {

class Attack {
 public:
  // What is compared around a sample; of `most` samples at once.
  void Make(int before, int after, int most);

  int before() const { return before_; }
  int after() const { return after_; }

  // The sample at which the energy rises most, counted from `before` on. Zeros lie behind the
  // energy [count], as many as `after`.
  int Beginning(const float* energy, int count) const { return Rise(energy, count, 1e-4f); }
  // Where a beginning only led up to something ten times as loud; 0 if it did not.
  int LouderBeginning(const float* energy, int count) const;

 private:
  int Rise(const float* energy, int count, float quiet) const;

  int before_ = 1, after_ = 1;
  Floats weights_;
  mutable Floats follows_;
};

// From 0 to 1, of the mean energy before and after.
float Strength(float before, float after);

float Mean(const float* values, int count);

}  // namespace engine

#endif  // VSCHAOS_ENGINE_DSP_ATTACK_H_
