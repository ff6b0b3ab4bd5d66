// An opened instrument: its methods, what can be set, and the program that plays it.

#ifndef VSCHAOS_ENGINE_PLAY_PLAYER_H_
#define VSCHAOS_ENGINE_PLAY_PLAYER_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "file/model_file.h"
#include "play/controls.h"
#include "play/program.h"

namespace engine {

struct PlayedMethod {
  std::string name;
  int in_channels, in_ratio, out_channels, out_ratio;
  std::vector<std::string> input_labels, output_labels;
};

class Player {
 public:
  static constexpr int kMostVoices = 64;

  // Throws Refused, or std::bad_alloc.
  Player(const ModelFile& file, int voices);

  const std::vector<PlayedMethod>& methods() const { return methods_; }
  const std::vector<Control>& controls() const { return controls_; }
  int sample_rate_hz() const { return sample_rate_hz_; }
  int block_samples() const { return block_samples_; }
  int voices() const { return voices_; }

  // False: there is no such method or voice, or a block that is not whole.
  bool Process(int method, int voice, const float* const* in, float* const* out, int samples);

  // False: there is no such control, or it does not take this value. A value that is set already
  // interrupts nothing.
  bool Set(std::string_view name, double number);
  bool Set(std::string_view name, std::string_view word);
  // nullptr: there is none.
  const Control* Find(std::string_view name) const;
  std::vector<double> Reading(const Control& control) const { return program_->Reading(control.name); }

  void Reset() { program_->Reset(); }
  int DelaySamples(int method) const { return program_->DelaySamples(method); }

 private:
  template <typename Value>
  bool SetTo(std::string_view name, const Value& given);

  std::vector<PlayedMethod> methods_;
  std::vector<Control> controls_;
  int sample_rate_hz_, block_samples_, voices_;
  std::unique_ptr<Program> program_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_PLAY_PLAYER_H_
