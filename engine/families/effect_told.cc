#include "families/effect_told.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/refused.h"
#include "families/layers_of_file.h"

namespace engine {

namespace {

constexpr int kFollowerUnits = 16, kFilmUnits = 16, kTinyInputs = 2, kTinyUnits = 4;

Floats Room(int outputs) { return Floats(RoundUp(outputs, Linear::kPadding)); }

}  // namespace

void BlockMemory::Read(const ModelFile& file, const std::string& name, int channels, int knobs,
                       int units, int inputs) {
  channels_ = channels;
  knobs_ = knobs;
  inputs_ = inputs > 0 ? inputs : channels;
  if (inputs > 0) mix_ = ReadLinear(file, name + ".mix", channels, inputs);
  ReadRecurrent(file, name + ".units", Recurrent::Kind::kLstm, inputs_ + knobs, units, 1, &units_);
}

BlockMemory::Past BlockMemory::Begun() const {
  Past past;
  past.peaks.Make(channels_);
  past.first.Make(units());
  past.second.Make(units());
  past.mixed.Make(RoundUp(inputs_, Linear::kPadding) + knobs_);
  past.memory = units_.Begun();
  return past;
}

void BlockMemory::Forget(Past* past) {
  past->since = 0;
  for (Floats* row : {&past->peaks, &past->first, &past->second}) row->Zero();
  Recurrent::Forget(&past->memory);
}

bool BlockMemory::Hear(const float* x, const float* knobs, Past* past) const {
  float* const peaks = past->peaks.data();
  for (int c = 0; c < channels_; ++c) peaks[c] = std::max(peaks[c], std::fabs(x[c]));
  if (++past->since < kBlock) return false;
  past->since = 0;
  float* const mixed = past->mixed.data();
  if (mix_.outputs() > 0) {
    mix_(peaks, 0, mixed, 0, 1);
  } else {
    std::memcpy(mixed, peaks, channels_ * sizeof(float));
  }
  std::memcpy(mixed + inputs_, knobs, knobs_ * sizeof(float));
  past->first.Copy(past->second.data(), units());
  past->second.Copy(units_.Step(mixed, &past->memory), units());
  past->peaks.Zero();
  return true;
}

void Conditioning::Read(const ModelFile& file, const EffectShape& shape) {
  shape_ = shape;
  name_ = file.settings().At("conditioning").Text();
  follows_ = name_ == "tvcond" || name_ == "tvfilm";
  is_beside_ = name_ == "tvcond" || name_ == "concat";
  told_ = follows_ ? kFollowerUnits : shape.knobs;
  if (!is_beside_ && !is_film() && !is_temporal_film() && name_ != "none") {
    throw Refused("has a network told by " + name_ + ", which the small engine does not know");
  }
  if (follows_) {
    follower_.Read(file, "told.memory", shape.channels, shape.knobs, kFollowerUnits, 0);
  }
}

Conditioning::Past Conditioning::Begun() const {
  Past past;
  if (follows_) past.blocks = follower_.Begun();
  past.sound.Make(shape_.channels);
  past.knobs.Make(shape_.knobs);
  return past;
}

void Conditioning::Next(const Rows& sound, const Rows& knobs, int t, float* heard, float* told,
                        Past* past) const {
  for (int c = 0; c < shape_.channels; ++c) heard[c] = sound[c][t];
  for (int k = 0; k < shape_.knobs; ++k) past->knobs[k] = knobs[k][t];
  if (follows_) {
    const float part = BlockMemory::Way(past->blocks);
    for (int u = 0; u < told_; ++u) {
      told[u] = Between(past->blocks.first[u], past->blocks.second[u], part);
    }
    follower_.Hear(heard, past->knobs.data(), &past->blocks);
  } else {
    std::memcpy(told, past->knobs.data(), told_ * sizeof(float));
  }
  if (is_beside_) std::memcpy(heard + shape_.channels, told, told_ * sizeof(float));
}

void Film::Read(const ModelFile& file, const std::string& name, const Conditioning& told,
                int channels) {
  channels_ = channels;
  told_ = told.told();
  is_temporal_ = told.is_temporal_film();
  is_told_ = is_temporal_ || (told.is_film() && told_ > 0);
  if (is_temporal_) {
    const int units = told.is_tiny() ? kTinyUnits : channels;
    memory_.Read(file, name + ".memory", channels, told_, units, told.is_tiny() ? kTinyInputs : 0);
    last_ = ReadLinear(file, name + ".told", units, 2 * channels);
  } else if (is_told_) {
    first_ = ReadLinear(file, name + ".told.0", told_, kFilmUnits);
    last_ = ReadLinear(file, name + ".told.2", kFilmUnits, 2 * channels);
  }
}

Film::Past Film::Begun() const {
  Past past;
  if (!is_told_) return past;
  past.said = Room(2 * channels_);
  if (is_temporal_) {
    past.blocks = memory_.Begun();
    past.first = Room(2 * channels_);
    past.second = Room(2 * channels_);
  } else {
    past.told.Make(told_);
    past.between = Room(kFilmUnits);
  }
  Forget(&past);
  return past;
}

void Film::Forget(Past* past) const {
  past->is_said = false;
  if (!is_temporal_) return;
  BlockMemory::Forget(&past->blocks);
  last_(past->blocks.first.data(), 0, past->first.data(), 0, 1);
  past->second.Copy(past->first.data(), past->first.size());
}

void Film::operator()(const float* told, float* h, Past* past) const {
  if (!is_told_) return;
  const int rows = 2 * channels_;
  float* const said = past->said.data();
  if (is_temporal_) {
    const float part = BlockMemory::Way(past->blocks);
    for (int i = 0; i < rows; ++i) said[i] = Between(past->first[i], past->second[i], part);
    if (memory_.Hear(h, told, &past->blocks)) {
      past->first.Copy(past->second.data(), rows);
      last_(past->blocks.second.data(), 0, past->second.data(), 0, 1);
    }
  } else if (!past->is_said || !std::equal(told, told + told_, past->told.data())) {
    past->told.Copy(told, told_);
    float* const between = past->between.data();
    first_(told, 0, between, 0, 1);
    ForEach(kFilmUnits, [&](int i) { Store(between + i, HyperbolicTangent(Load(between + i))); });
    last_(between, 0, said, 0, 1);
    past->is_said = true;
  }
  for (int c = 0; c < channels_; ++c) h[c] = h[c] + said[c] * h[c] + said[channels_ + c];
}

}  // namespace engine
