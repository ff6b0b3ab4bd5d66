#include "families/vae_prior.h"

#include <algorithm>
#include <cmath>

#include "base/refused.h"
#include "dsp/random_draws.h"

namespace engine {

namespace {

constexpr int kMostUnits = 4096, kMostComponents = 256, kMostEvery = 4096, kMostPlaces = 65536;
constexpr std::int64_t kRowsA = Draw::kRowsA, kRowsB = Draw::kRowsB;
constexpr float kSmallestStd = 0.01f, kColdest = 1e-3f;

float Sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

// The part of x above its floor, as torch has it.
float Remainder(float x) {
  const float rest = std::fmod(x, 1.0f);
  return rest < 0.0f ? rest + 1.0f : rest;
}

Linear Layer(const ModelFile& file, const char* weight, const char* bias, int inputs, int outputs) {
  Linear layer(inputs, outputs);
  layer.Place(file.Find(weight, {outputs, inputs}), true, 0, inputs, 0, outputs);
  layer.AddBias(file.Find(bias, {outputs}), 0, outputs);
  return layer;
}

Floats Table(const ModelFile& file, const char* name, int rows, int columns) {
  Floats table(std::size_t(rows) * columns);
  table.Copy(file.Find(name, {rows, columns}), table.size());
  return table;
}

}  // namespace

ENGINE_ONCE void PriorModel::Read(const ModelFile& file, int latents) {
  const Json* const prior = file.settings().Find("prior");
  if (!prior || !file.Has("prior.centre")) return;
  latent_dim = latents;
  hidden = prior->At("hidden_dims").Whole("hidden_dims", 1, kMostUnits);
  components = prior->At("components").Whole("components", 1, kMostComponents);
  every = prior->At("every").Whole("every", 1, kMostEvery);
  places = prior->At("places").Whole("places", 1, kMostPlaces);
  quantiles = prior->At("quantiles").Whole("quantiles", 2, kMostPlaces);
  spread = static_cast<float>(prior->At("spread").Number());
  wander = static_cast<float>(prior->At("wander").Number());
  near = static_cast<float>(prior->At("near").Number());
  lean = static_cast<float>(prior->At("lean").Number());
  const int axes = prior->At("dims").Whole("dims", 1, latents);
  given = Layer(file, "prior.weight_ih", "prior.bias_ih", axes, 3 * hidden);
  remembered = Layer(file, "prior.weight_hh", "prior.bias_hh", hidden, 3 * hidden);
  head = Layer(file, "prior.head.weight", "prior.head.bias", axes + hidden,
               components * (1 + 2 * axes));
  centre = file.Copy("prior.centre", latents);
  from_basis = Table(file, "prior.from_basis", axes, latents);
  lowest = file.Copy("prior.lowest", axes);
  highest = file.Copy("prior.highest", axes);
  first = file.Copy("prior.first", axes);
  drawn = Table(file, "prior.drawn", axes, quantiles);
  recorded = Table(file, "prior.recorded", axes, quantiles);
  place = Table(file, "prior.places", places, axes);
  half_square.Make(places);
  for (int p = 0; p < places; ++p) {
    float sum = 0.0f;
    for (int d = 0; d < axes; ++d) sum += place[p * axes + d] * place[p * axes + d];
    half_square[p] = 0.5f * sum;
  }
  normal_a = file.Copy("prior.normal_a", static_cast<int>(kRowsA) + axes - 1);
  normal_b = file.Copy("prior.normal_b", static_cast<int>(kRowsB) + axes - 1);
  uniform_a = file.Copy("prior.uniform_a", static_cast<int>(kRowsA));
  uniform_b = file.Copy("prior.uniform_b", static_cast<int>(kRowsB));
  if (!(near > 0.0f)) Refuse("has a prior that weighs nothing: export it again");
  dims = axes;
}

void PriorStream::Make(const PriorModel* model) {
  model_ = model;
  const int dims = model->dims, hidden = model->hidden;
  before_.Make(dims);
  position_.Make(dims);
  point_.Make(dims);
  memory_.Make(RoundUp(hidden, Linear::kPadding));
  from_given_.Make(RoundUp(3 * hidden, Linear::kPadding));
  from_memory_.Make(RoundUp(3 * hidden, Linear::kPadding));
  heard_.Make(dims + hidden);
  said_.Make(RoundUp(model->head.outputs(), Linear::kPadding));
  closeness_.Make(model->places);
  Forget();
}

void PriorStream::Forget() {
  if (!model_) return;
  frame_ = 0;
  phase_ = 0;
  choice_ = 0.0f;
  memory_.Zero();
  before_.Copy(model_->first.data(), model_->dims);
  position_.Copy(model_->first.data(), model_->dims);
}

// The point that comes after `position_`.
void PriorStream::Step(float temperature, float uniform, std::int64_t a, std::int64_t b) {
  const PriorModel& model = *model_;
  const int dims = model.dims, hidden = model.hidden, components = model.components;
  choice_ = Remainder(choice_ + model.wander * (uniform - 0.5f));
  before_.Copy(position_.data(), dims);
  // A gated recurrent unit, as torch.nn.GRU has it: gates r, z and n.
  model.given(position_.data(), dims, from_given_.data(), int(from_given_.size()), 1);
  model.remembered(memory_.data(), hidden, from_memory_.data(), int(from_memory_.size()), 1);
  for (int i = 0; i < hidden; ++i) {
    const float r = Sigmoid(from_given_[i] + from_memory_[i]);
    const float z = Sigmoid(from_given_[hidden + i] + from_memory_[hidden + i]);
    const float n = std::tanh(from_given_[2 * hidden + i] + r * from_memory_[2 * hidden + i]);
    memory_[i] = (1.0f - z) * n + z * memory_[i];
  }
  heard_.Copy(position_.data(), dims);
  std::copy_n(memory_.data(), hidden, heard_.data() + dims);
  model.head(heard_.data(), dims + hidden, said_.data(), int(said_.size()), 1);
  // The component that the choice falls on, of weights w^(1/temperature).
  const float heat = std::max(temperature, kColdest);
  const float greatest = *std::max_element(said_.data(), said_.data() + components);
  float total = 0.0f;
  for (int m = 0; m < components; ++m) {
    said_[m] = std::exp((said_[m] - greatest) / heat);
    total += said_[m];
  }
  int chosen = 0;
  for (float passed = said_[0]; chosen < components - 1 && choice_ >= passed / total;) {
    passed += said_[++chosen];
  }
  const float* const mean = said_.data() + components + 2 * dims * chosen;
  for (int d = 0; d < dims; ++d) {
    const float std = kSmallestStd + std::exp(std::min(std::max(mean[dims + d], -8.0f), 3.0f));
    const float normal = model.normal_a[a + d] + model.normal_b[b + d];
    const float to = mean[d] + position_[d] + temperature * std * (model.spread * normal);
    position_[d] = std::min(std::max(to, model.lowest[d]), model.highest[d]);
  }
}

// Coordinates as often anywhere on an axis as the recordings are.
float PriorStream::Distributed(int axis, float x) const {
  const int count = model_->quantiles;
  const float* const drawn = model_->drawn.data() + axis * count;
  const float* const recorded = model_->recorded.data() + axis * count;
  float sum = 0.0f;
  for (int q = 0; q + 1 < count; ++q) {
    const float step = drawn[q + 1] - drawn[q];
    const float above = std::min(std::max(x - drawn[q], 0.0f), step);
    sum += above * ((recorded[q + 1] - recorded[q]) / step);
  }
  return recorded[0] + sum;
}

void PriorStream::Next(float temperature, float* latents) {
  const PriorModel& model = *model_;
  const int dims = model.dims;
  const Draw draw(frame_++, seed_);
  if (phase_ == 0) {
    const float uniform = model.uniform_a[draw.a] + model.uniform_b[draw.b];
    Step(temperature, Remainder(uniform), draw.a, draw.b);
  }
  const float part = static_cast<float>(++phase_) / static_cast<float>(model.every);
  if (phase_ == model.every) phase_ = 0;
  for (int d = 0; d < dims; ++d) {
    point_[d] = Distributed(d, before_[d] + part * (position_[d] - before_[d]));
  }
  // A little nearer to frames that were recorded.
  float greatest = -HUGE_VALF, total = 0.0f;
  for (int p = 0; p < model.places; ++p) {
    float sum = 0.0f;
    for (int d = 0; d < dims; ++d) sum += point_[d] * model.place[p * dims + d];
    closeness_[p] = (sum - model.half_square[p]) / (model.near * model.near);
    greatest = std::max(greatest, closeness_[p]);
  }
  for (int p = 0; p < model.places; ++p) {
    closeness_[p] = std::exp(closeness_[p] - greatest);
    total += closeness_[p];
  }
  std::copy_n(model.centre.data(), model.latent_dim, latents);
  for (int d = 0; d < dims; ++d) {
    float mean = 0.0f;
    for (int p = 0; p < model.places; ++p) mean += closeness_[p] * model.place[p * dims + d];
    const float x = point_[d] + model.lean * (mean / total - point_[d]);
    const float* const row = model.from_basis.data() + std::size_t(d) * model.latent_dim;
    for (int i = 0; i < model.latent_dim; ++i) latents[i] += x * row[i];
  }
}

}  // namespace engine
