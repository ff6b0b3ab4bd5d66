// What follows the level of a sound: see vschaos2/processors/dynamics.py.

#include <algorithm>
#include <cmath>

#include "families/chain_processors.h"
#include "nn/layers.h"

namespace engine {

namespace {

using Kind = ProcessorPlan::Kind;

constexpr float kSilence = 1e-10f;
constexpr float kToDecibels = 4.34294481903f;    // 10 / ln 10

// The a of an average that gets within 1/e of a step in a time.
double Smoothing(double time_ms, double rate_hz) { return -std::expm1(-1000.0 / (time_ms * rate_hz)); }

// An average that rises and falls at speeds of its own.
class Ballistics {
 public:
  void Forget() { last_ = 0.0; }
  void Run(const float* x, double up, double down, float* y) {
    double u = last_;
    for (int t = 0; t < kSubBlock; ++t) {
      const double d = double(x[t]) - u;
      u += (d > 0.0 ? up : down) * d;
      y[t] = static_cast<float>(u);
    }
    last_ = std::fabs(u) < kInaudible ? 0.0 : u;
  }

 private:
  double last_ = 0.0;
};

class Dynamics : public Processor {
 public:
  explicit Dynamics(const ProcessorPlan& plan) : plan_(plan) {
    values_.Make(plan.values);
    for (Floats& row : rows_) row.Make(kSubBlock);
    for (Floats* row : {&power_, &wanted_, &reduction_, &later_}) row->Make(kSubBlock);
  }

  void Forget() override {
    values_.Forget();
    for (Ballistics* each : {&detector_, &fast_, &slow_}) each->Forget();
  }

  void Play(const double* values, Rows* sound) override {
    values_.Run(values);
    for (int t = 0; t < kSubBlock; ++t) {
      float sum = 0.0f;
      for (int c = 0; c < plan_.channels; ++c) sum += (*sound)[c][t] * (*sound)[c][t];
      power_[t] = sum / static_cast<float>(plan_.channels);
    }
    if (plan_.kind == Kind::kLevel) return Show(sound);
    for (int p = 0; p < 4; ++p) {
      for (int t = 0; t < kSubBlock; ++t) rows_[p][t] = static_cast<float>(values_[p][t]);
    }
    const double heard = Speed(4);
    detector_.Run(power_.data(), heard, heard, power_.data());
    if (plan_.kind == Kind::kCompressor) {
      Compress();
    } else {
      Expand();
    }
    for (int c = 0; c < plan_.channels; ++c) {
      float* const x = (*sound)[c];
      ForEach(kSubBlock, [&](int t) {
        Store(x + t, Load(x + t) * Exponential(Load(reduction_.data() + t) * float(kPerDecibel)));
      });
    }
  }

 private:
  // Of a time at the end of the sub-block.
  double Speed(int value) const { return Smoothing(values_[value][kSubBlock - 1], plan_.rate_hz); }

  // The amplitude of the sound, in its place.
  void Show(Rows* sound) {
    detector_.Run(power_.data(), Speed(0), Speed(1), power_.data());
    for (int c = 0; c < plan_.channels; ++c) {
      ForEach(kSubBlock, [&](int t) {
        Store((*sound)[c] + t, Root(Load(power_.data() + t) + 1e-12f));
      });
    }
  }

  static Vector Beyond(Vector distance, Vector knee) {
    const Vector quarter = knee * 0.25f;
    return SoftplusOf(distance / quarter) * quarter;
  }

  // How far the level is above the threshold, in dB, or below it.
  Vector Distance(int t) const {
    const Vector level = Logarithm(Load(power_.data() + t) + kSilence) * kToDecibels;
    return level - Load(rows_[0].data() + t);
  }

  // Leaves the gain in dB in `reduction_`.
  void Compress() {
    ForEach(kSubBlock, [&](int t) {
      const Vector ratio = Load(rows_[1].data() + t), knee = Load(rows_[2].data() + t);
      Store(wanted_.data() + t, Beyond(Distance(t), knee) * (1.0f - 1.0f / ratio));
    });
    fast_.Run(wanted_.data(), Speed(5), Speed(6), reduction_.data());
    if (plan_.paths > 1) {
      slow_.Run(wanted_.data(), Speed(7), Speed(8), later_.data());
      for (int t = 0; t < kSubBlock; ++t) {
        const float share = static_cast<float>(values_[9][t]);
        reduction_[t] += share * (later_[t] - reduction_[t]);
      }
    }
    for (int t = 0; t < kSubBlock; ++t) reduction_[t] = rows_[3][t] - reduction_[t];
  }

  void Expand() {
    ForEach(kSubBlock, [&](int t) {
      const Vector ratio = Load(rows_[1].data() + t), knee = Load(rows_[2].data() + t);
      const Vector most = Load(rows_[3].data() + t);
      const Vector wanted = Beyond(-Distance(t), knee) * (ratio - 1.0f);
      Store(wanted_.data() + t, most * HyperbolicTangent(wanted / most));
    });
    fast_.Run(wanted_.data(), Speed(6), Speed(5), reduction_.data());
    for (int t = 0; t < kSubBlock; ++t) reduction_[t] = -reduction_[t];
  }

  const ProcessorPlan& plan_;
  Ramps values_;
  Ballistics detector_, fast_, slow_;
  Floats rows_[4];  // threshold, ratio, knee, and makeup or range
  Floats power_, wanted_, reduction_, later_;
};

}  // namespace

std::unique_ptr<Processor> MakeDynamics(const ProcessorPlan& plan) {
  return std::make_unique<Dynamics>(plan);
}

}  // namespace engine
