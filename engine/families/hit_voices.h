// Voices that hits sound in, rendered a little ahead: see vschaos2/families/foley/voices.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_HIT_VOICES_H_
#define VSCHAOS_ENGINE_FAMILIES_HIT_VOICES_H_

#include <cstdint>
#include <vector>

#include "dsp/rate_reader.h"
#include "families/hit_sound.h"

namespace engine {

// What all voices share: the sound of hits, a host's rate, and room for one part.
class HitStage {
 public:
  // Throws Refused.
  explicit HitStage(const ModelFile& file);

  const HitSound& sound() const { return sound_; }
  // False: hits cannot be played at this rate.
  bool Has(int rate_hz) const;
  // One of those; before anything is played.
  void SetRate(int rate_hz);

 private:
  friend class HitVoices;

  struct Rate {
    int rate_hz;
    int step;    // samples from one moment at which parts are rendered to the next
    int fade;    // samples in which a voice falls silent that is taken
    int length;  // samples to come that a voice may have
    int waiting;  // samples before a sound's first, which are silence
    RateReader reader;  // of no width: at the hits' own rate
    Floats ramp;
  };

  void Read(const ModelFile& file, const Json& row, int own_hz);

  HitSound sound_;
  std::vector<Rate> rates_;
  const Rate* rate_ = nullptr;
  int longest_ = 0, widest_ = 0;  // at any rate: samples to come, and those that wait to be read
  Floats made_, waiting_, heard_;
};

// The voices of one stream.
class HitVoices {
 public:
  static constexpr int kVoices = 8;

  // The stage must outlive it.
  void Make(HitStage* stage);
  // Silence in every voice; also where the stage has another rate.
  void Forget();

  // Samples that may be played before parts are to be rendered.
  int until_step() const { return stage_->rate_->step - at_; }
  // Lets a hit begin at a sample from now on, below until_step: of latents [parts · part_frames]
  // [latent_dim]. So many voices may sound; if choked, all others fall silent.
  void Strike(int at, const Floats& latents, float gain, int polyphony, bool is_choked);
  // The next samples, until_step of them at most.
  void Advance(int count, float* out);

 private:
  static constexpr int kIdle = -1;

  struct Voice {
    Floats future;  // samples since the last step, and those to come
    Floats latents, waiting;
    HitSound::State state;
    int waits = 0;     // samples that are rendered, and to be read yet
    int part = kIdle;  // number of the next one
    int ready = 0;     // samples to come that are rendered
    float gain = 0.0f;
    std::int64_t age = 0;  // the number of its strike
  };

  int FindFree(int at, int polyphony) const;
  void Fade(Voice* voice, int at) const;
  void Render(Voice* voice, int at);
  int Read(Voice* voice, const float* sound, int count, const float** heard) const;

  HitStage* stage_ = nullptr;
  std::vector<Voice> voices_;
  int at_ = 0;  // samples since the last step
  std::int64_t strikes_ = 0;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_HIT_VOICES_H_
