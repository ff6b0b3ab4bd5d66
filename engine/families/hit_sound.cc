#include "families/hit_sound.h"

#include <algorithm>
#include <cmath>

#include "base/refused.h"

namespace engine {

namespace {

constexpr int kLongestWindow = 1 << 13, kMostFrames = 1 << 16, kMostNumbers = 1 << 21;
constexpr int kIterations = 2, kPhaseRows = 8191, kPhaseStride = 97;
constexpr float kQuiet = -54.0f, kSilent = -66.0f;  // dB below the loudest frame
constexpr float kSmallest = 1e-9f, kOver = 1e30f;

// A tensor of so many rows.
Rows Table(const ModelFile& file, const char* name, int rows, int columns) {
  const float* const from = file.Find(name, {rows, columns});
  Rows table;
  table.Make(rows, columns);
  for (int r = 0; r < rows; ++r) std::copy_n(from + std::size_t(r) * columns, columns, table[r]);
  return table;
}

// A frame under a window, behind which there are zeros, is added.
void AddUnder(const float* frame, const float* window, int count, float* to) {
  ForEach(count, [&](int i) { Store(to + i, Load(to + i) + Load(frame + i) * Load(window + i)); });
}

}  // namespace

ENGINE_ONCE HitSound::HitSound(const ModelFile& file) : model_(file, 0, 0, false) {
  const Json& settings = file.settings();
  n_fft_ = 2 * (model_.bins() - 1);
  bins_ = model_.bins();
  hop_ = settings.At("hop").Whole("hop", 1, n_fft_ / 2);
  if (settings.Find("memory") || n_fft_ > kLongestWindow || n_fft_ & (n_fft_ - 1) ||
      n_fft_ % (2 * hop_) != 0) {
    Refuse("has frames that no hit is made of: export it again");
  }
  part_frames_ = settings.At("part_frames").Whole("part_frames", 1, kPhaseRows / kPhaseStride);
  frames_ = settings.At("frames").Whole("frames", 1, kMostFrames);
  const int samples = frames_ * hop_ - (n_fft_ - hop_);
  parts_ = (samples + delay_samples() + part_samples() - 1) / part_samples();
  if (samples < 1 || part_samples() <= delay_samples() ||
      std::int64_t(parts_) * part_frames_ * latent_dim() > kMostNumbers) {
    Refuse("has hits of a length that there is not: export it again");
  }
  const Floats advance = file.Copy("advance", bins_);
  fourier_ = std::make_unique<Fourier>(n_fft_);
  window_ = file.Copy("window", n_fft_);
  short_window_ = file.Copy("short", 2 * hop_);
  noise_ = file.Copy("noise", kPhaseRows + bins_ - 1);
  windows_ = Table(file, "windows", part_frames_, n_fft_);
  envelopes_ = Table(file, "envelopes", parts_, part_samples());
  propagate_.Make(n_fft_, hop_, advance.data());
  refine_.Make(n_fft_, hop_, part_frames_, window_.data(), fourier_.get());
  const int rows = RoundUp(part_frames_, VaeModel::kRows);
  magnitudes_.Make(rows, RoundUp(bins_, Linear::kPadding));
  logs_.Make(part_frames_ + 2, bins_);
  real_.Make(part_frames_, bins_);
  imaginary_.Make(part_frames_, bins_);
  derivative_.Make(bins_);
  step_.Make(bins_);
  frame_.Make(n_fft_);
  heard_.Make(std::size_t(part_samples()) + n_fft_ - hop_);
  signal_.Make(std::size_t(part_samples()) + hop_);
  power_.resize(static_cast<std::size_t>(part_frames_));
  turned_.resize(static_cast<std::size_t>(bins_));
}

HitSound::State HitSound::Begun() const {
  State state;
  state.logs.Make(2, bins_);
  state.phase.Make(bins_);
  state.past.Make(n_fft_ - hop_);
  state.tail.Make(hop_);
  Forget(&state);
  return state;
}

void HitSound::Forget(State* state) const {
  state->loudest = 0.0f;
  for (int row : {0, 1}) std::fill_n(state->logs[row], bins_, std::log(kLogFloor));
  state->phase.Copy(noise_.data(), bins_);
  state->phase[0] = 0.0f;
  state->past.Zero();
  state->tail.Zero();
}

// Leaves out what a VAE makes of silence. Whether a whole part was silent.
bool HitSound::Gate(State* state) {
  for (int f = 0; f < part_frames_; ++f) {
    double sum = 0.0;
    for (int k = 0; k < bins_; ++k) sum += double(magnitudes_[f][k]) * magnitudes_[f][k];
    power_[f] = sum;
    state->loudest = std::max(state->loudest, static_cast<float>(sum));
  }
  bool is_over = true;
  for (int f = 0; f < part_frames_; ++f) {
    const float part = static_cast<float>(power_[f]) / std::max(state->loudest, kSmallest);
    const float level = 10.0f * std::log10(part + kSmallest);
    const float gain = std::min(std::max((level - kSilent) / (kQuiet - kSilent), 0.0f), 1.0f);
    is_over = is_over && gain <= 0.0f;
    float* const row = magnitudes_[f];
    ForEach(bins_, [&](int k) { Store(row + k, Load(row + k) * gain); });
  }
  return is_over;
}

// The attack's phases are searched for; those of what rings on come from a bin's own past.
void HitSound::FindPhases(bool is_first, float* phase) {
  std::fill(turned_.begin(), turned_.end(), 0.0);
  step_.Copy(phase, bins_);
  for (int f = 0; f < part_frames_; ++f) {
    const float *const before = logs_[f + 1], *const now = logs_[f + 2];
    if (is_first) {
      const float* const next = f + 1 < part_frames_ ? logs_[f + 3] : nullptr;
      TimeDerivative(logs_[f], before, now, next, derivative_.data(), bins_);
      propagate_(before, now, derivative_.data(), noise_.data() + f * kPhaseStride, phase);
    } else {
      propagate_.TimeStep(before, now, derivative_.data());
      for (int k = 0; k < bins_; ++k) {
        turned_[k] += derivative_[k];  // torch sums in double precision, and rounds each sum
        phase[k] = step_[k] + static_cast<float>(turned_[k]);
      }
      Wrap(phase, bins_);
    }
    WithPhase(magnitudes_[f], phase, real_[f], imaginary_[f], bins_);
  }
}

// Frames overlap-added; what lies behind the part is kept for the next one.
void HitSound::Sound(State* state, const float* envelope, float* out) {
  heard_.Zero();
  signal_.Zero();
  const int trim = n_fft_ / 2 - hop_, made = part_samples();
  for (int f = part_frames_ - 1; f >= 0; --f) {
    fourier_->Inverse(real_[f], imaginary_[f], frame_.data());
    const float* const frame = frame_.data();
    float* const heard = heard_.data() + std::size_t(f) * hop_;
    float* const signal = signal_.data() + std::size_t(f) * hop_;
    AddUnder(frame, window_.data(), n_fft_, heard);
    AddUnder(frame + trim, short_window_.data(), 2 * hop_, signal);
  }
  for (int i = 0; i < n_fft_ - hop_; ++i) heard_[i] += state->past[i];
  for (int i = 0; i < hop_; ++i) signal_[i] += state->tail[i];
  state->past.Copy(heard_.data() + made, n_fft_ - hop_);
  state->tail.Copy(signal_.data() + made, hop_);
  ForEach(made, [&](int i) { Store(out + i, Load(signal_.data() + i) * Load(envelope + i)); });
}

bool HitSound::Render(int part, const float* latents, State* state, float* out) {
  for (int f = 0; f < part_frames_; f += VaeModel::kRows) {
    const int rows = std::min(VaeModel::kRows, part_frames_ - f);
    model_.Decode(latents + std::size_t(f) * latent_dim(), rows, nullptr, magnitudes_[f],
                  magnitudes_.stride());
  }
  const bool is_over = Gate(state);
  for (int row : {0, 1}) std::copy_n(state->logs[row], bins_, logs_[row]);
  for (int f = 0; f < part_frames_; ++f) LogMagnitude(magnitudes_[f], logs_[f + 2], bins_);
  for (int row : {0, 1}) std::copy_n(logs_[part_frames_ + row], bins_, state->logs[row]);
  FindPhases(part == 0, state->phase.data());
  refine_(part_frames_, kIterations, windows_, state->past.data(), magnitudes_, &real_, &imaginary_,
          state->phase.data());
  Sound(state, envelopes_[part], out);
  if (is_over) state->loudest = kOver;  // nothing is loud against it
  return state->loudest >= kOver;
}

}  // namespace engine
