// Filters that may move, from one fixed filter to the next: see vschaos2/processors/filters.py and
// svf.py.

#include <algorithm>
#include <cmath>

#include "families/chain_processors.h"

namespace engine {

namespace {

using Band = ProcessorPlan::Band;

constexpr double kHalfDecibel = 0.05756462732485115;  // ln 10 / 40
constexpr double kFlatQ = 0.70710678118654752;

Section MakeSection(Band::Shape shape, double hz, double gain_db, double q, double rate_hz) {
  const double half = hz * (kPi / rate_hz);
  double g = std::sin(half) / std::cos(half), k = 1.0 / q;
  const double root = std::exp(gain_db * kHalfDecibel);
  double m0 = 1.0, m1 = 0.0, m2 = 0.0;
  switch (shape) {
    case Band::Shape::kLowPass:
      m0 = 0.0;
      m2 = 1.0;
      break;
    case Band::Shape::kHighPass:
      m1 = -k;
      m2 = -1.0;
      break;
    case Band::Shape::kPeak:
      k = k / root;
      m1 = k * (root * root - 1.0);
      break;
    case Band::Shape::kLowShelf:
      g = g / std::sqrt(root);
      m1 = k * (root - 1.0);
      m2 = root * root - 1.0;
      break;
    case Band::Shape::kHighShelf:
      g = g * std::sqrt(root);
      m0 = root * root;
      m1 = k * (1.0 - root) * root;
      m2 = 1.0 - root * root;
      break;
  }
  const double a1 = 1.0 / (1.0 + g * (g + k)), a2 = g * a1, a3 = g * a2;
  return {2.0 * a1 - 1.0, -2.0 * a2, 2.0 * a2, 1.0 - 2.0 * a3, 2.0 * a2, 2.0 * a3,
          m1 * a1 + m2 * a2, m2 * (1.0 - a3) - m1 * a2, m0 + m1 * a2 + m2 * a3};
}

class Filter : public Processor {
 public:
  explicit Filter(const ProcessorPlan& plan) : plan_(plan) {
    const std::size_t bands = plan.bands.size();
    for (Fixed& fixed : fixed_) {
      fixed.values.resize(static_cast<std::size_t>(plan.values));
      fixed.sections.resize(bands);
      fixed.states.resize(2 * bands * plan.channels);
      fixed.made.resize(std::size_t(plan.channels) * kSubBlock);
    }
    fade_ = CosineRise(plan.hop * kSubBlock);
  }

  void Forget() override {
    has_begun_ = false;
    place_ = 0;
    for (Fixed& fixed : fixed_) std::fill(fixed.states.begin(), fixed.states.end(), 0.0);
  }

  void Play(const double* values, Rows* sound) override {
    if (!has_begun_) {
      for (Fixed& fixed : fixed_) Set(values, &fixed);
      has_begun_ = true;
    }
    bool moves = false;
    for (const Fixed& fixed : fixed_) {
      moves = moves || !std::equal(fixed.values.begin(), fixed.values.end(), values);
    }
    if (moves) {
      Cross(values, sound);
    } else {
      Run(*sound, &fixed_[1]);
      fixed_[0].states = fixed_[2].states = fixed_[1].states;
      for (int c = 0; c < plan_.channels; ++c) {
        for (int t = 0; t < kSubBlock; ++t) {
          (*sound)[c][t] = static_cast<float>(fixed_[1].made[c * kSubBlock + t]);
        }
      }
    }
    place_ = (place_ + 1) % plan_.hop;
  }

 private:
  // One fixed filter of the three that run: crossed from, crossed to, and one that settles.
  struct Fixed {
    std::vector<double> values, states, made;
    std::vector<Section> sections;
  };

  void Set(const double* values, Fixed* fixed) const {
    std::copy_n(values, plan_.values, fixed->values.begin());
    for (std::size_t n = 0; n < plan_.bands.size(); ++n) {
      const Band& band = plan_.bands[n];
      const double hz = *values++;
      const double gain_db = band.has_gain ? *values++ : 0.0;
      const double q = band.has_q ? *values++ : kFlatQ;
      fixed->sections[n] = MakeSection(band.shape, hz, gain_db, q, plan_.rate_hz);
    }
  }

  void Cross(const double* values, Rows* sound) {
    if (place_ == 0) {
      // The newest takes over the states of the one before.
      std::swap(fixed_[0], fixed_[1]);
      std::swap(fixed_[1], fixed_[2]);
      fixed_[2].states = fixed_[1].states;
      Set(values, &fixed_[2]);
    }
    for (Fixed& fixed : fixed_) Run(*sound, &fixed);
    const double* const weight = fade_.data() + std::size_t(place_) * kSubBlock;
    for (int c = 0; c < plan_.channels; ++c) {
      for (int t = 0; t < kSubBlock; ++t) {
        const double before = fixed_[0].made[c * kSubBlock + t];
        const double later = fixed_[1].made[c * kSubBlock + t];
        (*sound)[c][t] = static_cast<float>(before + weight[t] * (later - before));
      }
    }
  }

  void Run(const Rows& sound, Fixed* fixed) const {
    for (int c = 0; c < plan_.channels; ++c) {
      double* const y = fixed->made.data() + c * kSubBlock;
      for (int t = 0; t < kSubBlock; ++t) y[t] = sound[c][t];
      RunSections(fixed->sections, y, fixed->states.data() + 2 * fixed->sections.size() * c);
    }
  }

  const ProcessorPlan& plan_;
  bool has_begun_ = false;
  int place_ = 0;  // sub-blocks since a hop began
  Fixed fixed_[3];
  std::vector<double> fade_;
};

}  // namespace

void RunSections(const std::vector<Section>& sections, double* y, double* state) {
  for (const Section& of : sections) {
    double s0 = state[0], s1 = state[1];
    for (int t = 0; t < kSubBlock; ++t) {
      const double x = y[t];
      y[t] = of.c0 * s0 + of.c1 * s1 + of.d * x;
      const double next = of.a00 * s0 + of.a01 * s1 + of.b0 * x;
      s1 = of.a10 * s0 + of.a11 * s1 + of.b1 * x;
      s0 = next;
    }
    *state++ = std::fabs(s0) < kInaudible ? 0.0 : s0;
    *state++ = std::fabs(s1) < kInaudible ? 0.0 : s1;
  }
}

std::unique_ptr<Processor> MakeFilter(const ProcessorPlan& plan) {
  return std::make_unique<Filter>(plan);
}

}  // namespace engine
