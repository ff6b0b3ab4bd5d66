#include "dsp/inversion.h"

#include <algorithm>
#include <cmath>

#include "base/vectors.h"

namespace engine {

namespace {

constexpr Mode kModes[] = {
    {"random", 0, 0, 0, false, true},    {"eco", 1, 0, 0, false, false},
    {"live", 0, 0, 4, true, false},      {"balanced", 0, 1, 4, false, false},
    {"hq", 0, 1, 8, false, false},
};
constexpr int kMostKept = 1;  // frames kept back from call to call, in any mode
constexpr float kLargestMagnitude = 1e8f;
constexpr double kPi = 3.14159265358979323846;

}  // namespace

const Mode* FindMode(const std::string& name) {
  for (const Mode& mode : kModes) {
    if (name == mode.name) return &mode;
  }
  return nullptr;
}

void Inversion::Make(const InversionTables* tables, Fourier* fourier) {
  tables_ = tables;
  fourier_ = fourier;
  n_fft_ = tables->n_fft;
  hop_ = tables->hop;
  bins_ = tables->bins();
  const int group = tables->group();
  propagate_.Make(n_fft_, hop_, tables->advance.data());
  noise_part_.Make(n_fft_, hop_, tables->low.data(), &tables->white_noise);
  logs_.Make(group + 2, bins_);
  for (Rows* rows : {&magnitudes_, &real_, &imaginary_}) rows->Make(group + kMostKept, bins_);
  noise_real_.Make(group, bins_);
  noise_imaginary_.Make(group, bins_);
  windows_.Make(group + kMostKept, n_fft_);
  for (Floats* row : {&phase_, &derivative_, &analysis_real_, &analysis_imaginary_}) {
    row->Make(bins_);
  }
  frame_.Make(n_fft_);
  noise_frame_.Make(n_fft_);
  refine_.Make(n_fft_, hop_, group + kMostKept, tables->window.data(), fourier);
  energy_.Make(2 * std::size_t(n_fft_) + std::size_t(group + kMostKept) * hop_);
  past_.Make(n_fft_, hop_);
  sound_.Make(n_fft_, hop_);
  short_sound_.Make(2 * hop_, hop_);
  SetMode(kModes[1]);
}

void Inversion::SetMode(const Mode& mode) {
  mode_ = &mode;
  Reset();
}

void Inversion::Reset() {
  for (int row : {0, 1}) std::fill_n(logs_[row], bins_, std::log(kLogFloor));
  magnitudes_.Zero();
  real_.Zero();
  imaginary_.Zero();
  frame_count_ = 0;
  phase_.Copy(tables_->phases.data(), bins_);
  phase_[0] = 0.0f;
  past_.Forget();
  sound_.Forget();
  short_sound_.Forget();
  noise_part_.Start(mode_->lookahead + mode_->open_frames);
}

int Inversion::delay_samples() const {
  const int start = mode_->is_short ? n_fft_ / 2 : n_fft_ - hop_;
  return start + (mode_->lookahead + mode_->open_frames) * hop_;
}

const float* Inversion::NoiseOf(std::int64_t frame) const {
  const std::int64_t start = frame * InversionTables::kPhaseStride % InversionTables::kPhaseRows;
  return tables_->phases.data() + start;
}

// Finite, and within [0, 1e8].
void Inversion::Admit(const float* magnitudes, float* row) const {
  for (int k = 0; k < bins_; ++k) {
    const float m = magnitudes[k];
    row[k] = std::isfinite(m) ? std::min(std::max(m, 0.0f), kLargestMagnitude) : 0.0f;
  }
}

// ∂L/∂n of a frame of the call.
void Inversion::Derivative(int frame, int frames) {
  const int now = frame + 2 - mode_->lookahead;
  const bool has_next = mode_->lookahead > 0 || frame + 1 < frames;
  const int two_before = std::max(now - 2, 0);  // which the centred one does not read
  TimeDerivative(logs_[two_before], logs_[now - 1], logs_[now], has_next ? logs_[now + 1] : nullptr,
                 derivative_.data(), bins_);
}

void Inversion::Process(const float* magnitudes, const float* coherence, int stride, int frames,
                        float* out) {
  const int kept = mode_->lookahead + mode_->open_frames;
  const std::int64_t first = frame_count_;
  frame_count_ += frames;
  for (int f = 0; f < frames; ++f) {
    Admit(magnitudes + std::size_t(f) * stride, magnitudes_[kept + f]);
    LogMagnitude(magnitudes_[kept + f], logs_[2 + f], bins_);
  }
  const bool is_noisy = has_texture();
  if (is_noisy) {
    for (int f = 0; f < frames; ++f) {
      const float* const known = coherence ? coherence + std::size_t(f) * stride : nullptr;
      noise_part_(magnitudes_[kept + f], logs_[1 + f], logs_[2 + f], first + f, known, fourier_,
                  noise_real_[f], noise_imaginary_[f]);
    }
  }
  // Phases of the frames that are waited for no longer: rows 0 … with a look-ahead, else the new.
  const int begin = mode_->open_frames;
  for (int f = 0; f < frames; ++f) {
    const int row = begin + f;
    if (mode_->is_random) {
      // Random phases make a noise that is too soft: a texture makes up for that.
      const double gain = std::sqrt(
          1.0 + noise_part_.amount() * (4.0 / kPi * n_fft_ / hop_ - 1.0));
      if (noise_part_.is_on()) {
        for (int k = 0; k < bins_; ++k) magnitudes_[row][k] *= static_cast<float>(gain);
      }
      WithPhase(magnitudes_[row], NoiseOf(first + f), real_[row], imaginary_[row], bins_);
      continue;
    }
    const int now = f + 2 - mode_->lookahead;
    Derivative(f, frames);
    propagate_(logs_[now - 1], logs_[now], derivative_.data(), NoiseOf(first + f), phase_.data());
    WithPhase(magnitudes_[row], phase_.data(), real_[row], imaginary_[row], bins_);
  }
  logs_.CopyRow(frames, 0);
  logs_.CopyRow(frames + 1, 1);
  if (mode_->iterations > 0) Refine(begin + frames, frames);
  for (int f = 0; f < frames; ++f) Emit(f, is_noisy, out + std::size_t(f) * hop_);
  if (kept == 0) return;
  magnitudes_.CopyRow(frames, 0);
  if (mode_->open_frames > 0) {
    real_.CopyRow(frames, 0);
    imaginary_.CopyRow(frames, 0);
  }
}

// Σw² over the frames that hold a sample so far, kept from zero, divides w.
void Inversion::MakeWindows(int frames) {
  const int past = n_fft_ / hop_ - 1;
  const float* const w = tables_->window.data();
  energy_.Zero();
  for (int f = past + frames - 1; f >= 0; --f) {
    for (int i = 0; i < n_fft_; ++i) energy_[std::size_t(f) * hop_ + i] += w[i] * w[i];
  }
  for (int f = 0; f < frames; ++f) {
    const float* const energy = energy_.data() + std::size_t(past + f) * hop_;
    for (int i = 0; i < n_fft_; ++i) windows_[f][i] = w[i] / std::max(energy[i], 1e-6f);
  }
  windows_for_ = frames;
}

// Twice as many for one frame as for a window's length of them.
int Inversion::StepsFor(int frames) const {
  const int overlap = n_fft_ / hop_, steps = mode_->iterations;
  if (frames >= overlap || mode_->open_frames == 0) return steps;
  return steps + steps * (overlap - frames) / (overlap - 1);
}

// Of the open frames and the new ones.
void Inversion::Refine(int frames, int arrived) {
  if (windows_for_ != frames) MakeWindows(frames);
  refine_(frames, StepsFor(arrived), windows_, past_.tail(), magnitudes_, &real_, &imaginary_,
          phase_.data());
}

// A frame's spectrum becomes sound; its noise is heard with it, and is none that later frames must
// agree with.
void Inversion::Emit(int row, bool has_texture, float* out) {
  float* const frame = frame_.data();
  if (has_texture && mode_->iterations == 0) {
    ForEach(bins_, [&](int k) {
      Store(analysis_real_.data() + k, Load(real_[row] + k) + Load(noise_real_[row] + k));
      Store(analysis_imaginary_.data() + k,
            Load(imaginary_[row] + k) + Load(noise_imaginary_[row] + k));
    });
    fourier_->Inverse(analysis_real_.data(), analysis_imaginary_.data(), frame);
  } else {
    fourier_->Inverse(real_[row], imaginary_[row], frame);
  }
  if (mode_->iterations > 0) {
    past_.Add(frame, tables_->window.data());
    past_.Leave(nullptr);
    if (has_texture) {
      fourier_->Inverse(noise_real_[row], noise_imaginary_[row], noise_frame_.data());
      for (int i = 0; i < n_fft_; ++i) frame[i] += noise_frame_[i];
    }
  }
  if (mode_->is_short) {
    short_sound_.Add(frame + n_fft_ / 2 - hop_, tables_->short_window.data());
    short_sound_.Leave(out);
  } else {
    sound_.Add(frame, tables_->dual.data());
    sound_.Leave(out);
  }
}

}  // namespace engine
