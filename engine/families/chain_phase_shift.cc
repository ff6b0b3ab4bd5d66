// A turn of all phases by one angle: see vschaos2/processors/phase_shift.py.

#include <algorithm>
#include <cmath>

#include "families/chain_processors.h"

namespace engine {

namespace {

class PhaseShift : public Processor {
 public:
  explicit PhaseShift(const ProcessorPlan& plan) : plan_(plan) {
    values_.Make(1);
    states_.resize(2 * (plan.leading.size() + plan.lagging.size()) * plan.channels);
  }

  void Forget() override {
    values_.Forget();
    std::fill(states_.begin(), states_.end(), 0.0);
  }

  void Play(const double* values, Rows* sound) override {
    if (values_.Run(values)) {
      for (int t = 0; t < kSubBlock; ++t) {
        const double angle = values_[0][t] * (kPi / 180.0);
        cosine_[t] = std::cos(angle);
        sine_[t] = std::sin(angle);
      }
    }
    double* state = states_.data();
    for (int c = 0; c < plan_.channels; ++c) {
      float* const x = (*sound)[c];
      double p[kSubBlock], q[kSubBlock];
      for (int t = 0; t < kSubBlock; ++t) p[t] = q[t] = x[t];
      RunSections(plan_.leading, p, state);
      state += 2 * plan_.leading.size();
      RunSections(plan_.lagging, q, state);
      state += 2 * plan_.lagging.size();
      for (int t = 0; t < kSubBlock; ++t) {
        x[t] = static_cast<float>(cosine_[t] * p[t] - sine_[t] * q[t]);
      }
    }
  }

 private:
  const ProcessorPlan& plan_;
  Ramps values_;
  std::vector<double> states_;
  double cosine_[kSubBlock], sine_[kSubBlock];
};

}  // namespace

std::unique_ptr<Processor> MakePhaseShift(const ProcessorPlan& plan) {
  return std::make_unique<PhaseShift>(plan);
}

}  // namespace engine
