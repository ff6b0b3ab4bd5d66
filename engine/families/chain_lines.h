// Delay lines, and what runs round them: see vschaos2/processors/delay_lines.py, delay_network.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_CHAIN_LINES_H_
#define VSCHAOS_ENGINE_FAMILIES_CHAIN_LINES_H_

#include <array>
#include <cmath>
#include <vector>

#include "base/floats.h"
#include "families/chain_processors.h"

namespace engine {

// A delay in samples that is within bounds, whatever was asked for.
inline double Within(double samples, double least, double most) {
  return samples > least ? (samples < most ? samples : most) : least;
}

// The last samples that were written, in a ring.
class DelayLine {
 public:
  // For reading so many samples back, from any of a sub-block.
  void Make(int longest);
  void Forget() { ring_.Zero(); }

  // A sample `t` after the place at hand, and one that lies there.
  void Write(int t, double value) {
    // In floats what dies away is lost in a few seconds: denormal numbers cost time.
    ring_[(at_ + t) & mask_] = std::fabs(value) < 1e-30 ? 0.0f : static_cast<float>(value);
  }
  float Read(int t) const { return ring_[(at_ + t) & mask_]; }
  // So many samples before `t`, 2 or more: a cubic through the four nearest.
  double Tap(int t, double samples) const;
  void Advance() { at_ = (at_ + kSubBlock) & mask_; }

 private:
  Floats ring_;
  int at_ = 0, mask_ = 0;
};

// Echoes of one sound: u = x + f y, y a one-pole of u(t - d); lines that differ in their feedback.
class EchoLines {
 public:
  static constexpr int kMost = 2;

  void Make(const ProcessorPlan& plan, int lines);
  void Forget();
  // A sub-block: what is sent to them; d in ms, to which it is crossed; the one-pole's frequency
  // and the first line's feedback, of which the second has the negative; what leaves each.
  void Play(const float* x, double ms, double low_pass_hz, const double* feedback,
            float (*made)[kSubBlock]);

 private:
  int lines_ = 0, hop_ = 1;
  double rate_hz_ = 0.0, longest_ = 0.0;
  bool has_begun_ = false;
  int place_ = 0;                      // sub-blocks since a hop began
  double before_ms_ = 0.0, after_ms_ = 0.0;  // crossed from, and to
  std::vector<double> fade_;
  std::array<DelayLine, kMost> lines_of_;
  std::array<double, kMost> last_{};
};

// A room's lines, that feed each other by I - 2/L 1 1ᵀ, each with a one-pole and a gain.
class RoomLines {
 public:
  // Of each line, for a sub-block, what a decay asks for.
  struct Losses {
    float gain[kRoomLines][kSubBlock];
    double a[kRoomLines];
  };

  void Make(const ProcessorPlan& plan);
  void Forget();
  // Of decays in s, and of what they are at half the sample rate as a part of that.
  static void Lose(const ProcessorPlan& plan, const double* low_s, const double* high_ratio,
                   bool is_still, Losses* losses);
  // A sub-block: what is sent to each line by its gain, and what leaves each.
  void Play(const float* x, const float (*entering)[kSubBlock], const Losses& losses,
            float (*made)[kSubBlock]);

 private:
  std::array<int, kRoomLines> lengths_{};
  std::array<DelayLine, kRoomLines> lines_;
  std::array<double, kRoomLines> last_{};
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_CHAIN_LINES_H_
