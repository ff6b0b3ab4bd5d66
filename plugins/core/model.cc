#include "core/model.h"

#include <algorithm>
#include <cmath>

#include "base/refused.h"

namespace vschaos {

namespace {

using engine::Control;
using engine::Refused;

constexpr const char* kPitchClasses[] = {"A",  "A#", "B", "C",  "C#", "D",
                                         "D#", "E",  "F", "F#", "G",  "G#"};
constexpr int kNotes = 12;
constexpr int kNowhere = -1;

int PlaceOf(const std::vector<std::string>& words, const std::string& word) {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? kNowhere : static_cast<int>(found - words.begin());
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.size() < 6 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Model::Model(const engine::ModelFile& file, const std::string& method, int voices)
    : player_(new engine::Player(file, voices)) {
  const auto& methods = player_->methods();
  for (std::size_t i = 0; i < methods.size(); ++i) {
    if (methods[i].name == method) index_ = static_cast<int>(i);
    if (methods[i].name == "prior") prior_ = static_cast<int>(i);
  }
  if (index_ < 0) {
    throw Refused(method == "decode" ? "is an effect: load it into the effect, not the instrument"
                                     : "has nothing that hears a sound: load it into the instrument");
  }
  method_ = &methods[index_];
  rate_hz_ = player_->sample_rate_hz();
  const bool is_vae = file.about().At("family").Text() == "vae";
  first_ = !is_vae ? method_->in_channels
                   : method == "decode" ? file.settings().At("latent_dims").Whole("latent_dims", 1, 512) : 1;
  labels_ = method_->in_channels - first_;
  sounds_ = is_vae ? 1 : method_->out_channels;
  if (labels_ < 0 || labels_ > kMostLabels || method_->out_ratio != 1 || sounds_ > 2 ||
      (method != "decode" && (first_ > 2 || method_->in_ratio != 1))) {
    throw Refused("has inlets and outlets that no plug-in has");
  }
  for (const Control& control : player_->controls()) {
    const bool is_knob = control.kind == Control::Kind::kNumber ||
                         control.kind == Control::Kind::kSwitch ||
                         control.kind == Control::Kind::kChoice;
    if (is_knob) knobs_.push_back(&control);
  }
  FindNotes();
  if (prior_ >= 0) {
    const auto& moves = methods[prior_];
    if (moves.out_channels != first_ || moves.in_ratio != method_->in_ratio ||
        moves.out_ratio != method_->in_ratio) {
      prior_ = -1;
      return;
    }
    prior_in_.assign(values(), 0.0f);
    prior_out_.assign(static_cast<std::size_t>(first_) * values(), 0.0f);
    for (int i = 0; i < first_; ++i) prior_outlets_.push_back(&prior_out_[i * values()]);
  }
}

// The rules of vschaos2/patches/controls.py: the first label of the twelve notes, in whatever
// order; one called octave, of numbers in their order. A4, note 69, opens octave 5.
void Model::FindNotes() {
  int label = 0;
  for (const Control& control : player_->controls()) {
    if (control.kind != Control::Kind::kText) continue;
    if (label >= labels_) break;
    const auto& names = control.choices;
    std::vector<int> classes;
    if (names.size() == kNotes) {
      for (const char* note : kPitchClasses) classes.push_back(PlaceOf(names, note));
      bool is_counted = control.name == "pitch";
      for (int i = 0; i < kNotes; ++i) is_counted = is_counted && names[i] == std::to_string(i);
      for (int i = 0; is_counted && i < kNotes; ++i) classes[i] = i;
    }
    const bool has_all = !classes.empty() &&
                         std::find(classes.begin(), classes.end(), kNowhere) == classes.end();
    if (note_.pitch < 0 && has_all) {
      note_.pitch = label;
      classes_ = classes;
    }
    bool rises = control.name == "octave" && !names.empty() && IsNumber(names[0]);
    for (std::size_t i = 0; rises && i < names.size(); ++i) {
      rises = names[i] == std::to_string(std::stoi(names[0]) + static_cast<int>(i));
    }
    if (rises) {
      note_.octave = label;
      lowest_octave_ = std::stoi(names[0]);
      octaves_ = static_cast<int>(names.size());
    }
    ++label;
  }
  if (note_.pitch < 0) note_.octave = -1;
}

float Model::OctaveOf(int midi) const {
  return static_cast<float>(std::clamp((midi + 3) / kNotes - 1 - lowest_octave_, 0, octaves_ - 1));
}

void Model::TellRate(int host_rate_hz) {
  if (player_->Set("sample_rate", static_cast<double>(host_rate_hz))) rate_hz_ = host_rate_hz;
}

void Model::Begin() {
  std::vector<float> zeros(static_cast<std::size_t>(values()), 0.0f);
  std::vector<float> empty(zeros.size(), -1.0f), sound(static_cast<std::size_t>(block()));
  std::vector<const float*> in(method_->in_channels, zeros.data());
  std::vector<float*> out(method_->out_channels, sound.data());
  std::fill(in.begin() + first_, in.end(), empty.data());
  for (int voice = 0; voice < voices(); ++voice) Process(voice, in.data(), out.data(), block());
  Reset();
}

void Model::Move(float* axes) {
  const float* const in = prior_in_.data();
  player_->Process(prior_, 0, &in, prior_outlets_.data(), block());
  for (int i = 0; i < first_; ++i) axes[i] = *prior_outlets_[i];
}

void Model::SetControl(const Control& control, double value) {
  if (control.kind == Control::Kind::kChoice) {
    const double last = static_cast<double>(control.choices.size()) - 1.0;
    const double place = std::clamp(std::nearbyint(value), 0.0, last);
    player_->Set(control.name, std::string_view(control.choices[static_cast<std::size_t>(place)]));
  } else {
    player_->Set(control.name, value);
  }
}

void Model::Set(const Parameter& parameter, float value) {
  if (parameter.target == Parameter::Target::kControl) {
    const Control* const control = player_->Find(parameter.control);
    if (control) SetControl(*control, value);
  } else if (parameter.target == Parameter::Target::kKnob &&
             parameter.index < static_cast<int>(knobs_.size())) {
    const Control& control = *knobs_[parameter.index];
    double lowest = control.lowest, highest = control.highest;
    if (control.kind == Control::Kind::kChoice) highest = static_cast<double>(control.choices.size()) - 1.0;
    if (control.kind == Control::Kind::kSwitch) value = value > 0.5f ? 1.0f : 0.0f;
    if (control.kind == Control::Kind::kSwitch) highest = 1.0;
    SetControl(control, std::min(lowest + value * (highest - lowest), highest));
  }
}

}  // namespace vschaos
