#include "families/chain_controller.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/refused.h"
#include "families/layers_of_file.h"

namespace engine {

namespace {

constexpr int kHidden = 16, kUnits = 8, kLevels = 2;
constexpr std::size_t kMostValues = 256;
constexpr float kFloor = 3.16227766e-4f;  // -70 dB

Floats Room(int outputs) { return Floats(RoundUp(outputs, Linear::kPadding)); }

void Tanh(float* x, int count) {
  ForEach(count, [&](int i) { Store(x + i, HyperbolicTangent(Load(x + i))); });
}

std::vector<double> Numbers(const Json& list) {
  std::vector<double> numbers;
  for (const Json& number : list.Items()) numbers.push_back(number.Number());
  return numbers;
}

}  // namespace

void Controller::Read(const ModelFile& file, const Json& row, const std::string& name, int knobs) {
  const std::string& kind = row.At("kind").Text();
  base_ = Numbers(row.At("base"));
  if (base_.size() > kMostValues) Refuse("has more values than any processor");
  if (kind == "fixed") return;
  least_ = Numbers(row.At("least"));
  span_ = Numbers(row.At("span"));
  pace_ = Numbers(row.At("pace"));
  for (const Json& is_log : row.At("is_log").Items()) is_log_.push_back(is_log.Truth() ? 1.0 : 0.0);
  const std::size_t size = base_.size();
  if (least_.size() != size || span_.size() != size || pace_.size() != size ||
      is_log_.size() != size) {
    Refuse("has ranges that do not fit its values: export it again");
  }
  if (kind == "placed") {
    kind_ = Kind::kPlaced;
    for (const Json& axis : row.At("axes").Items()) {
      axes_.push_back(Numbers(axis));
      if (axes_.back().size() != size) Refuse("has axes that do not fit its values");
    }
    if (static_cast<int>(axes_.size()) != knobs) Refuse("has axes that are not its knobs");
    return;
  }
  knobs_ = row.At("hears_knobs").Truth() ? knobs : 0;
  if (kind == "following") {
    kind_ = Kind::kFollowing;
    ReadRecurrent(file, name + ".units", Recurrent::Kind::kGru, kLevels + knobs_, kUnits, 1, &units_);
    head_ = ReadLinear(file, name + ".head", kUnits, count());
  } else if (kind == "told") {
    kind_ = Kind::kTold;
    first_ = ReadLinear(file, name + ".layers.0", knobs_, kHidden);
    second_ = ReadLinear(file, name + ".layers.2", kHidden, kHidden);
    head_ = ReadLinear(file, name + ".head", kHidden, count());
  } else {
    throw Refused("has a controller " + kind + ", which the small engine does not know");
  }
}

Controller::Past Controller::Begun() const {
  Past past;
  past.levels.Make(kLevels);
  past.heard.Make(kLevels + knobs_);
  past.first = Room(kHidden);
  past.second = Room(kHidden);
  past.added = Room(count());
  if (kind_ == Kind::kFollowing) past.memory = units_.Begun();
  return past;
}

void Controller::Forget(Past* past) {
  past->levels.Zero();
  Recurrent::Forget(&past->memory);
}

void Controller::operator()(const Rows& sound, int channels, const double* knobs,
                            const double* placed, double* values, Past* past) const {
  if (kind_ == Kind::kFixed) {
    std::copy(base_.begin(), base_.end(), values);
    return;
  }
  float* const heard = past->heard.data();
  const int first = kind_ == Kind::kFollowing ? kLevels : 0;
  for (int k = 0; k < knobs_; ++k) heard[first + k] = static_cast<float>(2.0 * knobs[k] - 1.0);
  if (kind_ == Kind::kFollowing) {
    std::memcpy(heard, past->levels.data(), kLevels * sizeof(float));
    head_(units_.Step(heard, &past->memory), 0, past->added.data(), 0, 1);
    float power = 0.0f, peak = 0.0f;
    for (int c = 0; c < channels; ++c) {
      float sum = 0.0f;
      for (int t = 0; t < kSubBlock; ++t) {
        sum += sound[c][t] * sound[c][t];
        peak = std::max(peak, std::fabs(sound[c][t]));
      }
      power += sum / kSubBlock;
    }
    power /= static_cast<float>(channels);
    past->levels[0] = std::log10(std::sqrt(power + 1e-20f) / kFloor + 1.0f);
    past->levels[1] = std::log10(peak / kFloor + 1.0f);
  } else if (kind_ == Kind::kTold) {
    first_(heard, 0, past->first.data(), 0, 1);
    Tanh(past->first.data(), kHidden);
    second_(past->first.data(), 0, past->second.data(), 0, 1);
    Tanh(past->second.data(), kHidden);
    head_(past->second.data(), 0, past->added.data(), 0, 1);
  }
  for (int p = 0; p < count(); ++p) {
    double raw = base_[p];
    if (kind_ == Kind::kPlaced) {
      raw = placed[p];
      for (std::size_t k = 0; k < axes_.size(); ++k) raw += axes_[k][p] * (2.0 * knobs[k] - 1.0);
    } else {
      raw += pace_[p] * static_cast<double>(past->added[p]);
    }
    const double place = least_[p] + span_[p] / (1.0 + std::exp(-raw));
    values[p] = is_log_[p] > 0.0 ? std::exp(place) : place;
  }
}

}  // namespace engine
