#include "families/vae_noise_way.h"

#include <algorithm>
#include <string>

#include "base/refused.h"
#include "families/layers_of_file.h"

namespace engine {

namespace {

constexpr int kMostSteps = 16, kMostLayers = 64, kMostDilation = 512, kWidest = 4096, kTaps = 3;
constexpr std::int64_t kMostRemembered = 1 << 22;

}  // namespace

ENGINE_ONCE NoiseWay::NoiseWay(const ModelFile& file, const Json& settings, int latent_dim,
                               int instruments)
    : latent_dim_(latent_dim), instruments_(instruments) {
  width_ = settings.At("hidden_dims").Whole("hidden_dims", 1, kWidest);
  steps_ = settings.At("steps").Whole("steps", 1, kMostSteps);
  guidance_ = static_cast<float>(settings.At("guidance").Number());
  for (const Json& level : settings.At("levels").Items()) {
    levels_.push_back(static_cast<float>(level.Number()));
  }
  const std::vector<Json>& dilations = settings.At("dilations").Items();
  const std::size_t layers = dilations.size(), count = settings.At("stages").Items().size();
  if (layers < 1 || layers > kMostLayers || count != 4u * steps_ ||
      levels_.size() != 2u * (steps_ + 1)) {
    Refuse("has a way through noise of other sizes than it says: export it again");
  }
  int pasts = 0;
  for (const Json& row : settings.At("stages").Items()) {
    const auto number = [&](const char* of) { return static_cast<float>(row.At(of).Number()); };
    stages_.push_back({number("heard"), number("kept"), number("said"), row.At("guided").Truth(), pasts});
    pasts += static_cast<int>(layers) * (stages_.back().is_guided ? 2 : 1);
  }
  input_ = ReadWideLinear(file, "noise.input", latent_dim, width_);
  output_ = ReadWideLinear(file, "noise.output", width_, latent_dim);
  std::int64_t remembered = 0;
  for (std::size_t layer = 0; layer < layers; ++layer) {
    const std::string name = "noise.layers." + std::to_string(layer);
    taps_.emplace_back();
    taps_.back().Make(width_, 2 * width_, kTaps,
                      dilations[layer].Whole("dilations", 1, kMostDilation), 1);
    taps_.back().PlaceWide(file.Find(name + ".taps.weight", {kTaps * width_, 2 * width_}),
                           file.Find(name + ".taps.bias", {2 * width_}));
    outputs_.push_back(ReadWideLinear(file, name + ".output", width_, width_));
    remembered += 2 * std::int64_t(count) * taps_.back().room();
  }
  if (remembered > kMostRemembered) Refuse("remembers more than the small engine has room for");
  const auto all = {static_cast<int>(count), instruments, static_cast<int>(layers), 2 * width_};
  const float* const told = file.Find("noise.told", all);
  told_.Make(count * instruments * layers * 2 * width_);
  told_.Copy(told, told_.size());
  inner_.Make(1, RoundUp(width_, Linear::kPadding));
  gated_.Make(1, width_);
  spread_.Make(1, RoundUp(2 * width_, Linear::kPadding));
  heard_.Make(latent_dim);
  for (Floats* row : {&said_, &other_, &slope_, &there_}) {
    row->Make(RoundUp(std::max(latent_dim, width_), Linear::kPadding));
  }
}

NoiseWay::Past NoiseWay::Begun() const {
  Past past;
  for (const Stage& stage : stages_) {
    for (int side = 0; side < (stage.is_guided ? 2 : 1); ++side) {
      for (const Dilated& layer : taps_) past.push_back(layer.Begun());
    }
  }
  return past;
}

// What the net says of what it hears, as it is told of a level and an instrument.
const float* NoiseWay::Ask(int stage, int instrument, const float* x, Dilated::Past* past) {
  input_(x, 0, inner_[0], 0, 1);
  for (std::size_t layer = 0; layer < taps_.size(); ++layer) {
    taps_[layer](inner_, 1, &spread_, &past[layer]);
    const std::size_t row = (std::size_t(stage) * instruments_ + instrument) * taps_.size() + layer;
    const float* const told = told_.data() + row * 2 * width_;
    float* const both = spread_[0];
    for (int i = 0; i < 2 * width_; ++i) both[i] += told[i];
    ForEach(width_, [&](int i) {
      Store(gated_[0] + i, HyperbolicTangent(Load(both + i)) * Sigmoid(Load(both + width_ + i)));
    });
    outputs_[layer](gated_[0], 0, both, 0, 1);
    for (int i = 0; i < width_; ++i) inner_[0][i] += both[i];
  }
  output_(inner_[0], 0, spread_[0], 0, 1);
  return spread_[0];
}

// Further away from the other instrument, where it is guided.
void NoiseWay::Slope(int stage, int instrument, int other, const float* x, Past* past,
                     float* slope) {
  const Stage& of = stages_[stage];
  Dilated::Past* const own = past->data() + of.first_past;
  for (int i = 0; i < latent_dim_; ++i) heard_[i] = x[i] * of.heard;
  std::copy_n(Ask(stage, instrument, heard_.data(), own), latent_dim_, said_.data());
  if (of.is_guided) {
    const float* const theirs = Ask(stage, other, heard_.data(), own + taps_.size());
    for (int i = 0; i < latent_dim_; ++i) said_[i] += guidance_ * (said_[i] - theirs[i]);
  }
  for (int i = 0; i < latent_dim_; ++i) slope[i] = x[i] * of.kept + said_[i] * of.said;
}

// By midpoints, up as the source and down as the target.
void NoiseWay::operator()(int source, int target, float* x, Past* past) {
  int stage = 0;
  for (int side = 0; side < 2; ++side) {
    const int own = side == 0 ? source : target, other = side == 0 ? target : source;
    for (int step = 0; step < steps_; ++step) {
      const int at = side * (steps_ + 1) + step;
      const float span = levels_[at + 1] - levels_[at];
      Slope(stage++, own, other, x, past, slope_.data());
      for (int i = 0; i < latent_dim_; ++i) there_[i] = x[i] + 0.5f * span * slope_[i];
      Slope(stage++, own, other, there_.data(), past, slope_.data());
      for (int i = 0; i < latent_dim_; ++i) x[i] += span * slope_[i];
    }
  }
}

}  // namespace engine
