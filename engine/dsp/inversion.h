// Streaming magnitudes to a waveform: see vschaos2/dsp/inversion.py, and phase.py for the theory.

#ifndef VSCHAOS_ENGINE_DSP_INVERSION_H_
#define VSCHAOS_ENGINE_DSP_INVERSION_H_

#include <cstdint>
#include <string>

#include "base/floats.h"
#include "dsp/fourier.h"
#include "dsp/gabor.h"
#include "dsp/noise_part.h"
#include "dsp/phase.h"
#include "dsp/refinement.h"

namespace engine {

// What a phase may cost in delay and in work.
struct Mode {
  const char* name;
  int lookahead;    // frames to come that a phase waits for
  int open_frames;  // frames kept back, still open to refinement
  int iterations;   // refinement steps per call
  bool is_short;    // synthesis window of two hops, for a low delay
  bool is_random;   // phases drawn at random
};

// The mode of this name, or nullptr.
const Mode* FindMode(const std::string& name);

// Constants of a window and a hop, as the file has them.
struct InversionTables {
  int n_fft = 0, hop = 0;
  Floats window, dual;    // [n_fft]
  Floats short_window;    // [2·hop]
  Floats advance;         // [bins], radians
  Floats phases;          // of random, [kPhaseRows + bins - 1], radians
  Floats low;             // least weight of tone, [bins]
  Floats noise, noise_window;
  WhiteNoise white_noise;

  static constexpr int kPhaseRows = 8191;
  static constexpr std::int64_t kPhaseStride = 3571;

  int bins() const { return n_fft / 2 + 1; }
  int group() const { return (n_fft > kGroupSamples ? n_fft : kGroupSamples) / hop; }

  static constexpr int kGroupSamples = 2048;  // longer calls are refined in groups of so many
};

class Inversion {
 public:
  // Both must outlive it.
  void Make(const InversionTables* tables, Fourier* fourier);

  // A fresh state in this mode.
  void SetMode(const Mode& mode);
  void SetTexture(float texture) { noise_part_.SetAmount(texture); }
  // Whether noise is told from tone, as the mode and the texture are.
  bool has_texture() const { return noise_part_.is_on() && !mode_->is_random; }
  void Reset();

  int delay_samples() const;
  const Mode& mode() const { return *mode_; }

  // A group of frames at most: magnitudes [frames][stride] → out [frames · hop]. Coherence, rows of
  // the same stride, is asked for where has_texture(); nullptr: it is guessed.
  void Process(const float* magnitudes, const float* coherence, int stride, int frames,
               float* out);

 private:
  void Admit(const float* magnitudes, float* row) const;
  void Derivative(int frame, int frames);
  void Refine(int frames, int arrived);
  void MakeWindows(int frames);
  void Emit(int row, bool has_texture, float* out);
  int StepsFor(int frames) const;
  const float* NoiseOf(std::int64_t frame) const;

  const InversionTables* tables_ = nullptr;
  Fourier* fourier_ = nullptr;
  const Mode* mode_ = nullptr;
  int n_fft_ = 0, hop_ = 0, bins_ = 0;
  std::int64_t frame_count_ = 0;
  PhasePropagation propagate_;
  Refinement refine_;
  NoisePart noise_part_;
  Rows logs_;                          // two frames before the call's, and these
  Rows magnitudes_, real_, imaginary_;  // first what was kept back, then the call's
  Rows noise_real_, noise_imaginary_;
  Rows windows_;                       // w/Σw² of frames that follow a long row of frames
  int windows_for_ = 0;
  Floats phase_, derivative_, energy_, frame_, noise_frame_, analysis_real_, analysis_imaginary_;
  OverlapAdd past_, sound_, short_sound_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_DSP_INVERSION_H_
