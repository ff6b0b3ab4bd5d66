// What is tone and what is noise in a model's magnitudes: see vschaos2/dsp/texture.py.

#ifndef VSCHAOS_ENGINE_DSP_NOISE_PART_H_
#define VSCHAOS_ENGINE_DSP_NOISE_PART_H_

#include <cstdint>

#include "base/floats.h"
#include "dsp/fourier.h"

namespace engine {

// The mean of L over six bins on either side and its own; the nearest such at the ends.
void NeighbourMean(const float* logs, float* means, float* sums, int bins);

// Factors that give heard coefficients a model's magnitudes, and leave noise its texture.
class TexturedGain {
 public:
  // `low`: the least weight of tone, [bins].
  void Make(int bins, const float* low);
  void operator()(const float* magnitudes, const float* heard, float texture, float* gain);

 private:
  int bins_ = 0;
  Floats low_, wanted_, given_, smooth_, smooth_given_, weight_, spare_;
};

// What both phase recoveries read: made once, from the file.
struct WhiteNoise {
  const float* table = nullptr;   // [kStarts + hop - 1]
  const float* window = nullptr;  // [n_fft]
  static constexpr std::int64_t kStarts = 32749, kSquare = 7919, kStep = 12553;

  // The spectrum of frame number `frame`: of hops frame … frame + n_fft / hop - 1.
  void Frame(std::int64_t frame, int hop, Fourier* fourier, float* scratch, float* real,
             float* imaginary) const;
};

// Spectra of noise for what is taken for noise, and magnitudes of the rest, frame by frame.
class NoisePart {
 public:
  void Make(int n_fft, int hop, const float* low, const WhiteNoise* noise);

  void SetAmount(float amount);
  void Forget() { Start(waiting_); }
  // Begins in silence; noise leaves so many frames after its tone came.
  void Start(int waiting);

  float amount() const { return amount_; }
  bool is_on() const { return is_on_; }

  // Parts a frame: its magnitudes, changed to those of its tone; L of the frame before, and its
  // own; its number; its coherence, or nullptr where it is guessed. The spectrum of the noise that
  // leaves with it goes to `real` and `imaginary`.
  void operator()(float* magnitudes, const float* before, const float* now, std::int64_t frame,
                  const float* coherence, Fourier* fourier, float* real, float* imaginary);

 private:
  static constexpr int kMostWaiting = 2;

  int n_fft_ = 0, hop_ = 0, bins_ = 0;
  float amount_ = 0.0f;
  bool is_on_ = false;
  int waiting_ = 0, oldest_ = 0;
  const WhiteNoise* noise_ = nullptr;
  Floats low_, sums_, smooth_, smooth_before_, weight_, spare_, samples_;
  Rows queue_real_, queue_imaginary_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_DSP_NOISE_PART_H_
