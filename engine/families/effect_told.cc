#include "families/effect_told.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "families/effect_layers.h"

namespace engine {

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

void BlockMemory::Hear(const float* x, const float* knobs, Past* past) const {
  float* const peaks = past->peaks.data();
  for (int c = 0; c < channels_; ++c) peaks[c] = std::max(peaks[c], std::fabs(x[c]));
  if (++past->since < kBlock) return;
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
}

}  // namespace engine
