#include "play/player.h"

#include "base/refused.h"
#include "families/families.h"

namespace engine {

namespace {

constexpr int kMostChannels = 512, kLongestBlock = 1 << 16, kFastestRate = 1500000;

std::vector<std::string> Words(const Json& list) {
  std::vector<std::string> words;
  for (const Json& word : list.Items()) words.push_back(word.Text());
  return words;
}

}  // namespace

Player::Player(const ModelFile& file, int voices) : voices_(voices) {
  if (voices < 1 || voices > kMostVoices) {
    throw Refused("can have 1 to " + std::to_string(kMostVoices) + " voices, not " +
                  std::to_string(voices));
  }
  const Json& about = file.about();
  sample_rate_hz_ = about.At("sample_rate_hz").Whole("sample_rate_hz", 1, kFastestRate);
  block_samples_ = about.At("block_samples").Whole("block_samples", 1, kLongestBlock);
  std::vector<std::string> names;
  for (const auto& row : about.At("methods").Members()) {
    PlayedMethod method;
    method.name = row.first;
    names.push_back(row.first);
    method.in_channels = row.second.At("inlets").Whole("inlets", 1, kMostChannels);
    method.in_ratio = row.second.At("in_ratio").Whole("in_ratio", 1, kLongestBlock);
    method.out_channels = row.second.At("outlets").Whole("outlets", 1, kMostChannels);
    method.out_ratio = row.second.At("out_ratio").Whole("out_ratio", 1, kLongestBlock);
    method.input_labels = Words(row.second.At("input_labels"));
    method.output_labels = Words(row.second.At("output_labels"));
    if (block_samples_ % method.in_ratio || block_samples_ % method.out_ratio) {
      throw Refused("has blocks that are no whole values of " + method.name);
    }
    methods_.push_back(std::move(method));
  }
  if (methods_.empty()) Refuse("has no methods to play: export it again");
  controls_ = ReadControls(about.At("controls"));
  program_ = MakerOf(about.At("family").Text())(file, names, voices);
  for (const Control& control : controls_) {
    if (control.kind != Control::Kind::kEvent && control.kind != Control::Kind::kReading) {
      program_->Begin(control);
    }
  }
  program_->Reset();
}

bool Player::Process(int method, int voice, const float* const* in, float* const* out,
                     int samples) {
  if (method < 0 || method >= static_cast<int>(methods_.size())) return false;
  if (voice < 0 || voice >= voices_) return false;
  if (samples < block_samples_ || samples % block_samples_ != 0) return false;
  program_->Process(method, voice, in, out, samples);
  return true;
}

const Control* Player::Find(std::string_view name) const {
  for (const Control& control : controls_) {
    if (control.name == name) return &control;
  }
  return nullptr;
}

template <typename Value>
bool Player::SetTo(std::string_view name, const Value& given) {
  for (Control& control : controls_) {
    double taken = 0.0;
    if (control.name != name) continue;
    if (!control.Take(given, &taken)) return false;
    if (control.kind != Control::Kind::kEvent) {
      if (taken == control.value && !program_->IsHeard(control)) return true;
      control.value = taken;
    }
    program_->Changed(control);
    if (control.kind == Control::Kind::kEvent) program_->Show(control, &controls_);
    return true;
  }
  return false;
}

bool Player::Set(std::string_view name, double number) { return SetTo(name, number); }
bool Player::Set(std::string_view name, std::string_view word) { return SetTo(name, word); }

}  // namespace engine
