// How loud a method is heard: its gain, reached without a step, and its limiter.

#ifndef VSCHAOS_ENGINE_DSP_OUTPUT_LEVEL_H_
#define VSCHAOS_ENGINE_DSP_OUTPUT_LEVEL_H_

#include <cmath>

namespace engine {

class OutputLevel {
 public:
  void set_gain(float gain) { gain_ = gain; }
  void set_limited(bool is_limited) { is_limited_ = is_limited; }
  // The next block has the gain from its first sample on.
  void Forget() { reached_ = gain_; }

  // A block under the gain, moving to it in a straight line, and bent at full scale if limited:
  // within ±0.8 as it is, beyond by tanh.
  void operator()(float* samples, int count) {
    const float start = reached_;
    if (start != gain_) {
      const float step = (gain_ - start) / static_cast<float>(count);
      for (int i = 0; i < count; ++i) samples[i] *= start + static_cast<float>(i + 1) * step;
      reached_ = gain_;
    } else if (gain_ != 1.0f) {
      for (int i = 0; i < count; ++i) samples[i] *= gain_;
    }
    if (!is_limited_) return;
    constexpr float kKnee = 0.8f, kRoom = 1.0f - kKnee;
    for (int i = 0; i < count; ++i) {
      const float x = samples[i];
      if (x > kKnee) samples[i] = kKnee + kRoom * std::tanh((x - kKnee) / kRoom);
      if (x < -kKnee) samples[i] = -kKnee + kRoom * std::tanh((x + kKnee) / kRoom);
    }
  }

 private:
  float gain_ = 1.0f, reached_ = 1.0f;
  bool is_limited_ = false;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_DSP_OUTPUT_LEVEL_H_
