// Curves that were learnt, and taps: see vschaos2/processors/shaping.py and fir.py.

#include <algorithm>
#include <cstring>

#include "base/vectors.h"
#include "families/chain_processors.h"

namespace engine {

namespace {

using Kind = ProcessorPlan::Kind;

class Curve : public Processor {
 public:
  explicit Curve(const ProcessorPlan& plan) : plan_(plan), drawn_(kSubBlock) {
    spare_.Make(2 * kSubBlock, Linear::kPadding);
  }
  void Forget() override {}

  void Play(const double*, Rows* sound) override {
    for (int c = 0; c < plan_.channels; ++c) {
      float* const x = (*sound)[c];
      if (plan_.curve) (*plan_.curve)(x, drawn_.data(), &spare_);
      ForEach(kSubBlock, [&](int t) {
        const Vector drawn = Load(drawn_.data() + t), own = Load(x + t);
        Store(x + t, plan_.kind == Kind::kRational ? Ratio(own)
                     : plan_.kind == Kind::kSiren  ? HyperbolicTangent(own) + drawn
                                                   : own + drawn);
      });
    }
  }

 private:
  Vector Ratio(Vector x) const {
    Vector top = Splat(plan_.taps[6]), bottom = Splat(plan_.below[4]);
    for (int n = 5; n >= 0; --n) top = top * x + plan_.taps[n];
    for (int n = 3; n >= 0; --n) bottom = bottom * x + plan_.below[n];
    bottom = bottom * x;
    return top / (1.0f + Greatest(bottom, -bottom));
  }

  const ProcessorPlan& plan_;
  Floats drawn_;
  Rows spare_;
};

class Fir : public Processor {
 public:
  explicit Fir(const ProcessorPlan& plan) : plan_(plan), past_(plan.taps.size() - 1) {
    heard_.Make(plan.channels, static_cast<int>(past_) + kSubBlock);
  }
  void Forget() override { heard_.Zero(); }

  void Play(const double*, Rows* sound) override {
    constexpr int kParts = kSubBlock / kWidth;
    for (int c = 0; c < plan_.channels; ++c) {
      float *const heard = heard_[c], *const x = (*sound)[c];
      std::copy_n(x, kSubBlock, heard + past_);
      Vector sums[kParts] = {};
      const float* at = heard + past_;
      for (const float tap : plan_.taps) {
        for (int i = 0; i < kParts; ++i) sums[i] += tap * Load(at + i * kWidth);
        --at;
      }
      for (int i = 0; i < kParts; ++i) Store(x + i * kWidth, sums[i]);
      std::memmove(heard, heard + kSubBlock, past_ * sizeof(float));
    }
  }

 private:
  const ProcessorPlan& plan_;
  const std::size_t past_;  // samples
  Rows heard_;
};

}  // namespace

void CurveNet::operator()(const float* x, float* y, Rows* spare) const {
  const Linear* const layers[] = {&first, &second, &last};
  const float* from = x;
  int from_stride = 1;
  for (int n = 0; n < 3; ++n) {
    float* const to = (*spare)[n % 2 * kSubBlock];
    (*layers[n])(from, from_stride, to, spare->stride(), kSubBlock);
    for (int t = 0; t < kSubBlock && n < 2; ++t) {
      ForEach(kUnits, [&](int i) {
        float* const place = to + t * spare->stride() + i;
        Vector sine = Load(place) * swing, cosine;
        if (swing > 0.0f) SineAndCosine(sine, &sine, &cosine);
        Store(place, swing > 0.0f ? sine : HyperbolicTangent(Load(place)));
      });
    }
    from = to;
    from_stride = spare->stride();
  }
  for (int t = 0; t < kSubBlock; ++t) y[t] = from[t * from_stride];
}

std::unique_ptr<Processor> MakeCurve(const ProcessorPlan& plan) {
  if (plan.kind == Kind::kFir) return std::make_unique<Fir>(plan);
  return std::make_unique<Curve>(plan);
}

}  // namespace engine
