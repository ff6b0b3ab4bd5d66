// Sound in, an impulse where something begins: see vschaos2/recognition/streaming_onsets.py.

#include <algorithm>

#include "base/refused.h"
#include "families/families.h"
#include "families/onset_detector.h"

namespace engine {

namespace {

constexpr std::size_t kMostRates = 64;

class Onsets : public Program {
 public:
  ENGINE_ONCE Onsets(const ModelFile& file, const std::vector<std::string>& methods, int voices);

  void Process(int, int voice, const float* const* in, float* const* out, int samples) override {
    streams_[voice].Process(in[0], out[0], samples);
  }
  void Changed(const Control& control) override;
  ENGINE_ONCE void Begin(const Control& control) override;
  void Reset() override {
    for (OnsetStream& stream : streams_) stream.Forget(rate_);
  }
  int DelaySamples(int) const override { return rate_->delay; }
  std::vector<double> Reading(const std::string&) const override {
    return {static_cast<double>(rate_->delay)};
  }

 private:
  OnsetRate* Find(int rate_hz);

  OnsetNet net_;
  Listening listening_;
  std::vector<OnsetRate> rates_;
  OnsetRate* rate_ = nullptr;
  std::vector<OnsetStream> streams_;
};

Onsets::Onsets(const ModelFile& file, const std::vector<std::string>& methods, int voices)
    : net_(file) {
  for (const Json& row : file.settings().At("rates").Items()) {
    if (rates_.size() == kMostRates) Refuse("has more rates than any host");
    rates_.emplace_back(file, row, static_cast<int>(rates_.size()));
  }
  rate_ = Find(file.about().Whole("sample_rate_hz"));
  if (!rate_) Refuse("has a rate at which nothing is heard: export it again");
  if (methods.size() != 1 || methods[0] != "detect") {
    Refuse("has methods beside detect, which the small engine does not know");
  }
  const Json& shape = file.about().At("methods").At("detect");
  for (const char* side : {"inlets", "outlets", "in_ratio", "out_ratio"}) {
    if (shape.Whole(side) != 1) Refuse("detect has other channels than the small engine plays");
  }
  streams_ = std::vector<OnsetStream>(static_cast<std::size_t>(voices));
  for (OnsetStream& stream : streams_) stream.Make(rates_, &net_, &listening_);
  Reset();
}

// nullptr: there is no such rate.
OnsetRate* Onsets::Find(int rate_hz) {
  for (OnsetRate& rate : rates_) {
    if (rate.rate_hz == rate_hz) return &rate;
  }
  return nullptr;
}

void Onsets::Changed(const Control& control) {
  const std::string& name = control.name;
  const auto value = static_cast<float>(control.value);
  if (name == "threshold") {
    listening_.threshold = value;
  } else if (name == "likelihood") {
    listening_.likelihood = value;
  } else if (name == "min_gap_ms") {
    listening_.least_gap_ms = control.value;
  } else if (name == "notes") {
    listening_.by_net = value != 0.0f;
    Reset();
  } else if (name == "sample_rate") {
    rate_ = Find(static_cast<int>(control.value));
    Reset();
  } else if (name == "reset") {
    Reset();
  }
}

void Onsets::Begin(const Control& control) {
  const std::string& name = control.name;
  bool is_known = control.kind == Control::Kind::kSwitch && name == "notes";
  if (control.kind == Control::Kind::kNumber) {
    is_known = name == "threshold" || name == "likelihood" || name == "min_gap_ms";
    is_known = is_known && control.lowest >= 0.0 && control.highest <= 1e4;
  } else if (control.kind == Control::Kind::kInteger && name == "sample_rate") {
    is_known = std::all_of(control.integers.begin(), control.integers.end(), [&](double rate_hz) {
      return Find(static_cast<int>(rate_hz)) != nullptr;
    });
  }
  if (!is_known) {
    throw Refused("has a control " + name + ", or a value of it, that the small engine does not know");
  }
  Changed(control);
}

}  // namespace

std::unique_ptr<Program> MakeOnsets(const ModelFile& file, const std::vector<std::string>& methods,
                                    int voices) {
  return std::make_unique<Onsets>(file, methods, voices);
}

}  // namespace engine
