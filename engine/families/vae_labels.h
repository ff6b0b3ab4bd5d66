// Labels of an instrument: commanded, guessed from what is heard, or set by messages.
//
// See vschaos2/labels/inlets.py, empty_inlets.py and conditioning.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_VAE_LABELS_H_
#define VSCHAOS_ENGINE_FAMILIES_VAE_LABELS_H_

#include <vector>

#include "base/floats.h"
#include "file/model_file.h"
#include "nn/layers.h"
#include "nn/linear.h"

namespace engine {

// The label inlets of one method in one voice: one that nothing is connected to says 0 for ever,
// and is taken for empty until something else has come. A reset of the sound keeps that.
class LabelInlets {
 public:
  static constexpr float kEmpty = -1.0f;

  void Make(int count) { has_spoken_.assign(static_cast<std::size_t>(count), false); }
  // What an inlet commands in the next frame.
  float Heard(int inlet, float command) {
    if (command != 0.0f) has_spoken_[inlet] = true;  // no number is no zero
    return has_spoken_[inlet] ? command : kEmpty;
  }

 private:
  std::vector<bool> has_spoken_;
};

// What an instrument's labels are, the same for all voices.
class LabelModel {
 public:
  // The labels of a file, and what guesses them of so many features and latents.
  void ReadLabels(const ModelFile& file);
  void ReadPredictors(const ModelFile& file, int features, int latent_dim);

  int count() const { return static_cast<int>(labels_.size()); }
  // What stands at the outlets: guesses, and how sure each is if the file says that.
  int guesses() const { return static_cast<int>(predictors_.size()) * (says_confidence_ ? 2 : 1); }
  int encoder_width() const { return encoder_width_; }
  int decoder_width() const { return decoder_width_; }
  // The inlet of `encode` that a label has, or -1.
  int encode_inlet(int label) const { return labels_[label].encode_inlet; }
  int encode_inlets() const { return encode_inlets_; }
  bool guesses_latents() const { return guesses_latents_; }

  void Set(int label, float value) { labels_[label].value = value; }

  // The labels of a frame, all [count] as their commands.
  void Unguessed(const float* commands, float* labels) const;
  // `of_latents`: only what reads latents has been asked.
  void Guessed(const float* commands, const float* guesses, bool of_latents, float* labels) const;
  // What stands beside a frame [encoder_width], or a latent point [decoder_width].
  void ForEncoder(const float* labels, float* beside) const { Embed(labels, true, beside); }
  void ForDecoder(const float* labels, float* beside) const { Embed(labels, false, beside); }
  // Guesses of a frame's features and latents; no features: only of those that read latents.
  void Guess(const float* features, const float* latents, float* guesses) const;

 private:
  enum class Embedding { kOneHot, kTable, kNumber };

  struct Label {
    Embedding embedding = Embedding::kOneHot;
    int classes = 1, width = 1;
    bool on_encoder = false, on_decoder = false;
    int encode_inlet = -1, guess = -1, latent_guess = -1;  // places, -1: none
    float value = 0.0f, mean = 0.0f, deviation = 1.0f;
    Floats table;
  };
  struct Predictor {
    bool reads_latents = false;
    int classes = 0;  // 0: a value
    float mean = 0.0f, deviation = 1.0f;
    std::vector<Linear> layers;
  };

  float Chosen(const Label& label, float command, float otherwise) const;
  void Embed(const float* labels, bool for_encoder, float* beside) const;

  std::vector<Label> labels_;
  std::vector<Predictor> predictors_;
  bool says_confidence_ = false, guesses_latents_ = false;
  int encoder_width_ = 0, decoder_width_ = 0, encode_inlets_ = 0;
  LayerNorm norm_;  // of features
  mutable Floats normal_, inner_, outer_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_VAE_LABELS_H_
