// The signal path of an instrument: see vschaos2/families/vae/instrument_core.py.
//
//     encode    sound ─> analysis ─> encoder ─> player's axes
//     decode    player's axes ─> decoder ─> phase recovery ─> sound
//     forward   sound ─> analysis ─> encoder ─> decoder ─> input's phase, or recovery ─> sound
//     prior     temperature ─> what its recordings' latents would do next ─> player's axes
//
//     translate  player's axes of one instrument ─> as another's, where it is a bridge
//
// Frames are those of the host's sample rate, magnitudes between encoder and decoder the model's.
// Labels stand beside: commanded at further inlets, or guessed, which leaves at further outlets.

#ifndef VSCHAOS_ENGINE_FAMILIES_VAE_H_
#define VSCHAOS_ENGINE_FAMILIES_VAE_H_

#include <string>
#include <vector>

#include "base/random.h"
#include "dsp/inversion.h"
#include "dsp/output_level.h"
#include "families/vae_bridge.h"
#include "families/vae_host_rate.h"
#include "families/vae_labels.h"
#include "families/vae_model.h"
#include "families/vae_prior.h"
#include "play/program.h"

namespace engine {

// The player's axes of one projection.
struct Axes {
  Floats centre, to_axes, from_axes;
};

// What one voice remembers.
struct Voice {
  RecentSound encode_recent, forward_recent;
  RecentSound encode_warped, forward_warped;  // at another rate than the model's
  OverlapAdd forward_sound;
  Inversion forward_inversion, decode_inversion;
  OutputLevel forward_level, decode_level;
  LabelInlets forward_labels, encode_labels, decode_labels;
  VaeMemory::Past forward_past, decode_past;
  Bridge::Past forward_way, translate_way;
  PriorStream prior;
  bool has_spoken = false;  // the inlet of its temperature
};

class Vae : public Program {
 public:
  Vae(const ModelFile& file, const std::vector<std::string>& methods, int voices);

  void Process(int method, int voice, const float* const* in, float* const* out,
               int samples) override;
  void Changed(const Control& control) override;
  void Begin(const Control& control) override;
  void Reset() override;
  int DelaySamples(int method) const override;
  std::vector<double> Reading(const std::string& control) const override;

 private:
  enum class Method { kForward, kEncode, kDecode, kPrior, kTranslate };

  void Forward(Voice* voice, const float* const* in, float* const* out, int frames);
  void Encode(Voice* voice, const float* const* in, float* const* out, int frames);
  void Decode(Voice* voice, const float* const* in, float* out, int frames);
  void Prior(Voice* voice, const float* in, float* const* out, int frames);
  void Translate(Voice* voice, const float* const* in, float* const* out, int frames);
  void Carry(int row, Bridge::Past* past);
  float Played(float given) const;
  void ShowAxes(const float* latent, float* const* out, int frame) const;
  void Analyse(const float* samples, int row);
  void Hear(int row, const float* block, RecentSound* warped, int heard_row);
  void Infer(int rows);
  void Make(int row, int rows, VaeMemory::Past* past, bool has_coherence);
  float* Point(int row) { return points_.data() + std::size_t(row) * model_.point_dim(); }
  float* Commands(int row) { return commands_.data() + std::size_t(row) * labels_.count(); }
  float* Labels(int row) { return told_.data() + std::size_t(row) * labels_.count(); }
  float* Guesses(int row) { return guesses_.data() + std::size_t(row) * labels_.guesses(); }
  void KeepPhase(Voice* voice, int row, float* out);
  void SetModes(const std::string& name);

  LabelModel labels_;
  VaeModel model_;
  PriorModel prior_;
  InversionTables tables_;
  HostRate host_;
  Bridge bridge_;
  Fourier fourier_;
  const int hop_, bins_, latent_dim_;
  int shown_;  // axes
  std::vector<Method> methods_;
  std::vector<Axes> axes_;
  std::string forward_mode_, decode_mode_;
  float silence_;

  int projection_ = 0;
  bool keeps_phase_ = true;
  float temperature_ = 0.0f, texture_ = 0.0f, prior_temperature_ = 1.0f;
  Random random_;
  std::vector<Voice> voices_;

  TexturedGain textured_gain_;
  Rows real_, imaginary_, given_, made_, coherence_;  // of a group of frames, in the host's bins
  Rows heard_, unwarped_;  // of some frames, in the model's bins
  Floats points_, deviations_, frame_, gain_;
  Floats commands_, told_, guesses_, beside_;  // of some rows
  Floats moved_, amounts_;  // of a bridge
  std::vector<std::string> label_names_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_VAE_H_
