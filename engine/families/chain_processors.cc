// What has no memory of the sound: gain, polarity, offset, curves.

#include "families/chain_processors.h"

#include <cmath>

#include "base/refused.h"
#include "nn/layers.h"

namespace engine {

namespace {

using Kind = ProcessorPlan::Kind;
using Band = ProcessorPlan::Band;

constexpr int kMostBands = 16, kLongestHop = 1 << 16;
constexpr double kPerDecibel = 0.11512925464970229;  // ln 10 / 20
constexpr float kTiny = 1e-12f;

struct Known {
  const char* name;
  Kind kind;
  int values;  // -1: as its bands or paths have them
};
constexpr Known kKnown[] = {
    {"gain", Kind::kGain, 1},        {"polarity", Kind::kPolarity, 1},
    {"offset", Kind::kOffset, 1},    {"tanh", Kind::kTanh, 2},
    {"clip", Kind::kClip, 3},        {"level", Kind::kLevel, 2},
    {"compressor", Kind::kCompressor, -1}, {"expander", Kind::kExpander, 7},
    {"filter", Kind::kFilter, -1},
};
constexpr struct {
  const char* name;
  Band::Shape shape;
} kShapes[] = {
    {"low_pass", Band::Shape::kLowPass},   {"high_pass", Band::Shape::kHighPass},
    {"peak", Band::Shape::kPeak},          {"low_shelf", Band::Shape::kLowShelf},
    {"high_shelf", Band::Shape::kHighShelf},
};

ENGINE_ONCE Band ReadBand(const Json& row) {
  const std::string& name = row.At("shape").Text();
  for (const auto& known : kShapes) {
    if (name == known.name) {
      return {known.shape, row.At("has_gain").Truth(), row.At("has_q").Truth()};
    }
  }
  throw Refused("has a filter of the shape " + name + ", which the small engine does not know");
}

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

  const ProcessorPlan plan_;
  Ramps values_;
  Floats rows_[3];
};

}  // namespace

ENGINE_ONCE ProcessorPlan ReadPlan(const Json& row, double rate_hz, int channels, int values) {
  const std::string& name = row.At("kind").Text();
  ProcessorPlan plan;
  bool is_known = false;
  int due = 0;
  for (const Known& known : kKnown) {
    if (name != known.name) continue;
    plan.kind = known.kind;
    due = known.values;
    is_known = true;
  }
  if (!is_known) throw Refused("has a processor " + name + ", which the small engine does not know");
  plan.rate_hz = rate_hz;
  plan.channels = channels;
  plan.values = values;
  if (plan.kind == Kind::kFilter) {
    plan.hop = row.At("hop").Whole("hop", 1, kLongestHop);
    due = 0;
    for (const Json& band : row.At("bands").Items()) {
      plan.bands.push_back(ReadBand(band));
      due += 1 + plan.bands.back().has_gain + plan.bands.back().has_q;
      if (plan.bands.size() > kMostBands) throw Refused("has more filters in series than any");
    }
    if (plan.bands.empty()) throw Refused("has a filter of no band: export it again");
  }
  if (plan.kind == Kind::kCompressor) {
    plan.paths = row.At("paths").Whole("paths", 1, 2);
    due = plan.paths == 2 ? 10 : 7;
  }
  if (values != due) {
    throw Refused("has a " + name + " of " + std::to_string(values) + " values where " +
                  std::to_string(due) + " are due: export it again");
  }
  return plan;
}

std::unique_ptr<Processor> MakeProcessor(const ProcessorPlan& plan) {
  switch (plan.kind) {
    case Kind::kFilter:
      return MakeFilter(plan);
    case Kind::kLevel:
    case Kind::kCompressor:
    case Kind::kExpander:
      return MakeDynamics(plan);
    default:
      return std::make_unique<Bending>(plan);
  }
}

}  // namespace engine
