#include "families/hit_model.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/refused.h"
#include "dsp/random_draws.h"
#include "families/layers_of_file.h"
#include "nn/layers.h"

namespace engine {

namespace {

constexpr int kMostComponents = 4096, kMostLabels = 256, kMostClasses = 65536;
constexpr int kSteps = 8;  // from noise to a hit
constexpr float kPi = 3.14159265358979f;
constexpr float kWaves[] = {1.0f * kPi, 2.0f * kPi, 4.0f * kPi, 8.0f * kPi};
constexpr int kWaveCount = 4;

}  // namespace

ENGINE_ONCE HitModel::HitModel(const ModelFile& file, int frames, int latent_dim)
    : size_(frames * latent_dim) {
  const Json& settings = file.settings();
  components_ = settings.At("components").Whole("components", 1, kMostComponents);
  dims_ = components_ + 1;
  for (const Json& count : settings.At("classes").Items()) {
    classes_.push_back(count.Whole("classes", 1, kMostClasses));
    told_dims_ += classes_.back();
    if (labels() > kMostLabels) Refuse("has more labels than anybody could tell");
  }
  int inputs = dims_ + told_dims_ + 2 * kWaveCount;
  heard_.Make(inputs);
  int widest = 1;
  for (int layer = 0; layer < kLayers; ++layer) {
    const std::string name = "flow." + std::to_string(layer);
    const int outputs = layer + 1 < kLayers ? WidthOf(file, name + ".weight", 1) : dims_;
    flow_[layer] = ReadWideLinear(file, name, inputs, outputs);
    widest = std::max(widest, inputs = outputs);
  }
  basis_.Make(components_, size_);
  basis_.Place(file.Find("basis", {components_, size_}), false, 0, components_, 0, size_);
  basis_.AddBias(file.Find("mean", {size_}), 0, size_);
  weights_ = file.Copy("weights", size_);
  for (int i = 0; i < size_; ++i) {
    if (!(weights_[i] > 0.0f)) Refuse("has frames that weigh nothing: export it again");
  }
  deviation_ = file.Copy("deviation", components_);
  level_ = file.Copy("level", 4);
  normal_a_ = file.Copy("normal_a", static_cast<int>(Draw::kRowsA) + dims_ - 1);
  normal_b_ = file.Copy("normal_b", static_cast<int>(Draw::kRowsB) + dims_ - 1);
  for (Floats* row : {&x_, &other_}) row->Make(dims_);
  for (Floats* row : {&slope_, &next_slope_, &inner_, &outer_}) {
    row->Make(RoundUp(std::max(widest, dims_), Linear::kPadding));
  }
  weighted_.Make(components_);
}

// What stands for a hit: of its seed, with a part that is its own.
void HitModel::FindNoise(const HitTold& told, std::int64_t number) {
  const engine::Draw own(0, told.seed), fresh(number, told.seed);
  const double part = told.variation;
  const auto kept = static_cast<float>(std::sqrt(1.0 - part * part));
  for (int i = 0; i < dims_; ++i) {
    const float normal = told.is_free ? random_.Normal()
                                      : normal_a_[fresh.a + i] + normal_b_[fresh.b + i];
    x_[i] = kept * (normal_a_[own.a + i] + normal_b_[own.b + i]) +
            static_cast<float>(part) * normal;
  }
}

// The flow's slope at a level; what is told stands in heard_ already.
void HitModel::Slope(const float* x, float level, float* slope) {
  std::copy_n(x, dims_, heard_.data());
  float* const waves = heard_.data() + dims_ + told_dims_;
  for (int i = 0; i < kWaveCount; ++i) {
    waves[i] = std::sin(level * kWaves[i]);
    waves[kWaveCount + i] = std::cos(level * kWaves[i]);
  }
  const float* from = heard_.data();
  float *to = inner_.data(), *spare = outer_.data();
  for (int layer = 0; layer < kLayers; ++layer) {
    float* const made = layer + 1 < kLayers ? to : slope;
    flow_[layer](from, 0, made, 0, 1);
    if (layer + 1 < kLayers) Silu(made, flow_[layer].outputs());
    from = made;
    std::swap(to, spare);
  }
}

// From noise to a hit by Heun's rule.
void HitModel::Flow() {
  const double step = -1.0 / kSteps;
  const auto span = static_cast<float>(step), half = static_cast<float>(0.5 * step);
  for (int i = 0; i < kSteps; ++i) {
    const auto here = static_cast<float>(1.0 + step * i);
    Slope(x_.data(), here, slope_.data());
    for (int k = 0; k < dims_; ++k) other_[k] = x_[k] + span * slope_[k];
    Slope(other_.data(), here + span, next_slope_.data());
    for (int k = 0; k < dims_; ++k) x_[k] += half * (slope_[k] + next_slope_[k]);
  }
}

float HitModel::Draw(const HitTold& told, std::int64_t number, float* latents) {
  FindNoise(told, number);
  float* said = heard_.data() + dims_;
  *said++ = 2.0f * told.velocity - 1.0f;
  for (int label = 0; label < labels(); ++label) {
    for (int of = 0; of < classes_[label]; ++of) *said++ = told.classes[label] == of ? 1.0f : 0.0f;
  }
  Flow();
  for (int i = 0; i < components_; ++i) weighted_[i] = (x_[i] + told.axes[i]) * deviation_[i];
  basis_(weighted_.data(), 0, latents, 0, 1);
  for (int i = 0; i < size_; ++i) latents[i] /= weights_[i];
  const float said_db = level_[0] + level_[1] * (told.velocity - 1.0f);
  return std::pow(10.0f, (said_db + level_[3] * x_[components_]) / 20.0f);
}

}  // namespace engine
