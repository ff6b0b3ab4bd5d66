// What a slow oscillator sweeps: see vschaos2/processors/modulation.py and sweeps.py.

#include <algorithm>
#include <cmath>

#include "families/chain_lines.h"

namespace engine {

namespace {

using Kind = ProcessorPlan::Kind;

constexpr double kLn2 = 0.693147180559945309;
constexpr double kHighest = 0.45;  // of the sample rate

class Swept : public Processor {
 public:
  explicit Swept(const ProcessorPlan& plan) : plan_(plan) {
    values_.Make(plan.values);
    const auto channels = static_cast<std::size_t>(plan.channels);
    states_.resize(channels * (plan.stages + 1));
    for (int c = 0; c < plan.channels && plan.kind == Kind::kDelayed; ++c) {
      lines_[c].Make(plan.longest);
    }
  }

  void Forget() override {
    values_.Forget();
    turns_ = 0.0;
    std::fill(states_.begin(), states_.end(), 0.0);
    for (DelayLine& line : lines_) line.Forget();
  }

  void Play(const double* values, Rows* sound) override {
    values_.Run(values);
    Oscillate();
    for (int t = 0; t < kSubBlock; ++t) swept_[t] = Sweep(t);
    for (int c = 0; c < plan_.channels; ++c) {
      float* const x = (*sound)[c];
      if (plan_.kind == Kind::kTremolo) {
        for (int t = 0; t < kSubBlock; ++t) x[t] *= static_cast<float>(swept_[t]);
        continue;
      }
      if (plan_.kind == Kind::kPhaser) {
        Turn(x, states_.data() + std::size_t(plan_.stages + 1) * c);
      } else {
        Delay(x, &lines_[c]);
      }
      for (int t = 0; t < kSubBlock; ++t) {
        const float mix = static_cast<float>(values_[7][t]);
        x[t] = x[t] + mix * static_cast<float>(made_[t]) - std::fabs(mix) * x[t];
      }
    }
  }

 private:
  // A wave within ±1 of the sub-block: three partials of a triangle, unevenly run through.
  void Oscillate() {
    for (int t = 0; t < kSubBlock; ++t) {
      const double turns = values_[1][t] + turns_;
      turns_ += 1.0 / (values_[0][t] * plan_.rate_hz);
      double angle = 2.0 * kPi * turns;
      angle += values_[3][t] * std::cos(angle);
      const double s = std::sin(angle), square = s * s;
      const double third = values_[2][t] / 9.0, fifth = values_[2][t] / 25.0;
      const double wave = s - third * s * (3.0 - 4.0 * square) +
                          fifth * s * (5.0 + square * (16.0 * square - 20.0));
      swept_[t] = wave / (1.0 + third + fifth);
    }
    turns_ -= std::floor(turns_);
  }

  // What the wave makes of it: a gain, the speed of all-passes, or a delay in samples.
  double Sweep(int t) const {
    const double wave = swept_[t], centre = values_[4][t];
    if (plan_.kind == Kind::kTremolo) return 1.0 - centre * (0.5 - 0.5 * wave);
    const double depth = values_[5][t];
    if (plan_.kind == Kind::kPhaser) {
      const double hz = centre * std::exp(depth * wave * kLn2);
      const double half = kPi * std::min(hz / plan_.rate_hz, kHighest);
      const double sine = std::sin(half);
      return sine / (sine + std::cos(half));
    }
    const double samples = centre * (1.0 + depth * wave) * (0.001 * plan_.rate_hz);
    return Within(samples, 2.0, plan_.longest - 4);
  }

  // All-passes in series, round which the sound is fed back a sample later.
  void Turn(const float* x, double* s) {
    const int stages = plan_.stages;
    for (int t = 0; t < kSubBlock; ++t) {
      double u = x[t] + values_[6][t] * s[stages];
      const double speed = 2.0 * swept_[t];
      for (int k = 0; k < stages; ++k) {
        const double before = s[k];
        s[k] = before + speed * (u - before);
        u = s[k] + before - u;
      }
      made_[t] = s[stages] = u;
    }
    for (int k = 0; k <= stages; ++k) s[k] = std::fabs(s[k]) < kInaudible ? 0.0 : s[k];
  }

  void Delay(const float* x, DelayLine* line) {
    for (int t = 0; t < kSubBlock; ++t) {
      made_[t] = line->Tap(t, swept_[t]);
      line->Write(t, x[t] + values_[6][t] * made_[t]);
    }
    line->Advance();
  }

  const ProcessorPlan& plan_;
  Ramps values_;
  double turns_ = 0.0;  // of the oscillator
  double swept_[kSubBlock], made_[kSubBlock];
  std::vector<double> states_;  // of a phaser's all-passes, and what left them last
  DelayLine lines_[2];          // of each channel
};

}  // namespace

std::unique_ptr<Processor> MakeSwept(const ProcessorPlan& plan) {
  return std::make_unique<Swept>(plan);
}

}  // namespace engine
