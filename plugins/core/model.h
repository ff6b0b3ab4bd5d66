// An opened model as plug-ins play it: one method, which of its inlets are what.

#ifndef VSCHAOS_PLUGINS_CORE_MODEL_H_
#define VSCHAOS_PLUGINS_CORE_MODEL_H_

#include <memory>
#include <string>
#include <vector>

#include "core/parameters.h"
#include "play/player.h"

namespace vschaos {

// Opened off the audio thread; from Begin on nothing waits, throws or allocates.
class Model {
 public:
  static constexpr int kMostLabels = 64;

  // Throws Refused: a file that the engine does not play, or that has no such method.
  Model(const engine::ModelFile& file, const std::string& method, int voices);

  int rate_hz() const { return rate_hz_; }        // at which it plays now
  int block() const { return player_->block_samples(); }
  int voices() const { return player_->voices(); }
  int values() const { return block() / method_->in_ratio; }  // of an inlet in a block
  int first() const { return first_; }            // axes, or channels of sound, before labels
  int labels() const { return labels_; }
  int outlets() const { return method_->out_channels; }
  int sounds() const { return sounds_; }          // outlets of sound, before guesses
  int delay() const { return player_->DelaySamples(index_); }
  bool has_prior() const { return prior_ >= 0; }

  // Plays at a host's rate where it can; else it stays at its own.
  void TellRate(int host_rate_hz);
  // Label inlets have spoken: 0 is a class from here on. What is set begins, without glides.
  void Begin();
  void Reset() { player_->Reset(); }
  // A block of one voice, all channels of the method.
  void Process(int voice, const float* const* in, float* const* out, int samples) {
    player_->Process(index_, voice, in, out, samples);
  }
  // Where the latents of a block go by themselves; [axes].
  void Move(float* axes);

  // A parameter's value, of those that the model itself keeps.
  void Set(const Parameter& parameter, float value);

  // What a note commands; -1: nothing.
  struct Note {
    int pitch = -1, octave = -1;  // labels
  };
  const Note& note() const { return note_; }
  float PitchOf(int midi) const { return static_cast<float>(classes_[(midi + 3) % 12]); }
  float OctaveOf(int midi) const;

 private:
  void FindNotes();
  void SetControl(const engine::Control& control, double value);

  std::unique_ptr<engine::Player> player_;
  const engine::PlayedMethod* method_ = nullptr;
  int index_ = -1, prior_ = -1, rate_hz_ = 0, first_ = 1, labels_ = 0, sounds_ = 1;
  std::vector<const engine::Control*> knobs_;  // in the file's order
  Note note_;
  std::vector<int> classes_;  // of the label of pitch, from A on
  int lowest_octave_ = 0, octaves_ = 0;
  std::vector<float> prior_in_, prior_out_;
  std::vector<float*> prior_outlets_;
};

}  // namespace vschaos

#endif  // VSCHAOS_PLUGINS_CORE_MODEL_H_
