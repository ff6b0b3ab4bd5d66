// What has no memory of the sound and is set by values: gain, polarity, offset, tanh, clip. And what
// all processors share.

#include "families/chain_processors.h"

#include <cmath>

#include "nn/layers.h"

namespace engine {

namespace {

using Kind = ProcessorPlan::Kind;

constexpr float kTiny = 1e-12f;

// Each sample by itself, by values that may move.
class Bending : public Processor {
 public:
  explicit Bending(const ProcessorPlan& plan) : plan_(plan) {
    values_.Make(plan.values);
    for (Floats& row : rows_) row.Make(kSubBlock);
  }
  void Forget() override { values_.Forget(); }

  void Play(const double* values, Rows* sound) override {
    values_.Run(values);
    for (int p = 0; p < plan_.values; ++p) {
      const bool is_decibels = p == 0 && plan_.kind != Kind::kPolarity && plan_.kind != Kind::kOffset;
      Fill(values_[p], is_decibels, rows_[p].data());
    }
    for (int c = 0; c < plan_.channels; ++c) {
      ForEach(kSubBlock, [&](int t) {
        const Vector value = Load(rows_[0].data() + t);
        Store((*sound)[c] + t, Bent(Load((*sound)[c] + t), value, t));
      });
    }
  }

 private:
  // A value of each sample as a float; of one in dB, what multiplies a sound for it.
  void Fill(const double* from, bool is_decibels, float* to) const {
    for (int t = 0; t < kSubBlock; ++t) {
      if (t > 0 && from[t] == from[t - 1]) {
        to[t] = to[t - 1];
      } else {
        to[t] = static_cast<float>(is_decibels ? std::exp(from[t] * kPerDecibel) : from[t]);
      }
    }
  }

  Vector Bent(Vector x, Vector first, int t) const {
    if (plan_.kind == Kind::kOffset) return x + first;
    if (plan_.kind == Kind::kTanh) {
      const Vector bias = Load(rows_[1].data() + t);
      return HyperbolicTangent(x * first + bias) - HyperbolicTangent(bias);
    }
    if (plan_.kind == Kind::kClip) {
      const Vector bias = Load(rows_[1].data() + t), hardness = Load(rows_[2].data() + t);
      return Clipped(x * first + bias, hardness) - Clipped(bias, hardness);
    }
    return x * first;
  }

  // u / (1 + |u|^h)^(1/h), by the logarithm.
  static Vector Clipped(Vector u, Vector hardness) {
    const Vector bent = SoftplusOf(hardness * Logarithm(Greatest(u, -u) + kTiny));
    return u * Exponential(-bent / hardness);
  }

  const ProcessorPlan& plan_;
  Ramps values_;
  Floats rows_[3];
};

}  // namespace

std::vector<double> CosineRise(int count) {
  std::vector<double> rise;
  for (int i = 0; i < count; ++i) rise.push_back(0.5 - 0.5 * std::cos(kPi * (double(i) / count)));
  return rise;
}

bool Ramps::Run(const double* ends) {
  const bool was_flat = has_begun_ && is_still_;
  is_still_ = true;
  for (std::size_t p = 0; p < last_.size(); ++p) {
    if (!has_begun_) last_[p] = ends[p];
    is_still_ = is_still_ && last_[p] == ends[p];
  }
  has_begun_ = true;
  if (is_still_ && was_flat) return false;
  for (std::size_t p = 0; p < last_.size(); ++p) {
    double* const row = rows_.data() + p * kSubBlock;
    const double start = last_[p], way = ends[p] - start;
    for (int t = 0; t < kSubBlock; ++t) row[t] = start + way * ((t + 1) / 64.0);
    last_[p] = ends[p];
  }
  return true;
}

std::unique_ptr<Processor> MakeProcessor(const ProcessorPlan& plan) {
  switch (plan.kind) {
    case Kind::kFilter:
      return MakeFilter(plan);
    case Kind::kLevel:
    case Kind::kCompressor:
    case Kind::kExpander:
      return MakeDynamics(plan);
    case Kind::kPhaseShift:
      return MakePhaseShift(plan);
    case Kind::kMlp:
    case Kind::kSiren:
    case Kind::kRational:
    case Kind::kFir:
      return MakeCurve(plan);
    case Kind::kTremolo:
    case Kind::kPhaser:
    case Kind::kDelayed:
      return MakeSwept(plan);
    case Kind::kEcho:
    case Kind::kRoom:
    case Kind::kSpace:
      return MakeSpace(plan);
    default:
      return std::make_unique<Bending>(plan);
  }
}

}  // namespace engine
