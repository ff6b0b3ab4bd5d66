#include "families/vae.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "families/layers_of_file.h"

namespace engine {

namespace {

constexpr float kLatentLimit = 100.0f;
constexpr float kLeastHeard = 1e-12f;
constexpr float kHottest = 10.0f;  // temperature of a prior

}  // namespace

// A frame's coefficients and magnitudes; `samples` are those of its window.
void Vae::Analyse(const float* samples, int row) {
  float* const frame = frame_.data();
  const float* const window = tables_.window.data();
  for (int i = 0; i < tables_.n_fft; ++i) frame[i] = samples[i] * window[i];
  fourier_.Forward(frame, real_[row], imaginary_[row]);
  ForEach(bins_, [&](int k) {
    const Vector r = Load(real_[row] + k), i = Load(imaginary_[row] + k);
    Store(given_[row] + k, Root(r * r + i * i));
  });
}

// What the model hears of a frame that was analysed, and of the hop that it ends with.
void Vae::Hear(int row, const float* block, RecentSound* warped, int heard_row) {
  if (host_.is_warped()) {
    host_.Heard(warped->Next(block), heard_[heard_row]);
  } else {
    std::memcpy(heard_[heard_row], given_[row], bins_ * sizeof(float));
  }
  if (bridge_.is_there()) bridge_.Transpose(heard_[heard_row]);
}

// Points of heard frames, their latents means or draws at a temperature; and what is guessed.
void Vae::Infer(int rows) {
  const bool draws = temperature_ > 0.0f;
  for (int r = 0; r < rows; ++r) {
    labels_.Unguessed(Commands(r), Labels(r));
    labels_.ForEncoder(Labels(r), beside_.data() + r * labels_.encoder_width());
  }
  model_.Encode(heard_[0], heard_.stride(), beside_.data(), rows, points_.data(),
                draws ? deviations_.data() : nullptr);
  for (int r = 0; r < rows; ++r) {
    labels_.Guess(model_.Features(r), Point(r), Guesses(r));
    labels_.Guessed(Commands(r), Guesses(r), false, Labels(r));
    labels_.ForDecoder(Labels(r), Point(r) + latent_dim_);
    for (int i = 0; draws && i < latent_dim_; ++i) {
      Point(r)[i] += temperature_ * deviations_[r * latent_dim_ + i] * random_.Normal();
    }
  }
}

void Vae::Make(int row, int rows, VaeMemory::Past* past, bool has_coherence) {
  if (!host_.is_warped()) {
    model_.Decode(points_.data(), rows, past, made_[row], made_.stride());
    if (has_coherence) {
      model_.Coherence(points_.data(), rows, coherence_[row], coherence_.stride());
    }
    return;
  }
  model_.Decode(points_.data(), rows, past, unwarped_[0], unwarped_.stride());
  for (int r = 0; r < rows; ++r) host_.Played(unwarped_[r], made_[row + r]);
  if (!has_coherence) return;
  model_.Coherence(points_.data(), rows, unwarped_[0], unwarped_.stride());
  for (int r = 0; r < rows; ++r) host_.Coherence(unwarped_[r], coherence_[row + r]);
}

// A heard frame with the model's magnitudes.
void Vae::KeepPhase(Voice* voice, int row, float* out) {
  const float* const heard = given_[row];
  const bool is_audible = *std::max_element(heard, heard + bins_) > silence_;
  // A model has no exact silence of its own: where nothing is heard, nothing is played.
  if (!is_audible) {
    gain_.Zero();
  } else if (texture_ > 0.0f) {
    textured_gain_(made_[row], heard, texture_, gain_.data());
  } else {
    ForEach(bins_, [&](int k) {
      Store(gain_.data() + k,
            Load(made_[row] + k) / Greatest(Load(heard + k), Splat(kLeastHeard)));
    });
  }
  ForEach(bins_, [&](int k) {
    Store(real_[row] + k, Load(real_[row] + k) * Load(gain_.data() + k));
    Store(imaginary_[row] + k, Load(imaginary_[row] + k) * Load(gain_.data() + k));
  });
  fourier_.Inverse(real_[row], imaginary_[row], frame_.data());
  voice->forward_sound.Add(frame_.data(), tables_.dual.data());
  voice->forward_sound.Leave(out);
}

void Vae::Forward(Voice* voice, const float* const* in, float* const* out, int frames) {
  Inversion* const inversion = &voice->forward_inversion;
  for (int at = 0; at < frames; at += tables_.group()) {
    const int count = std::min(tables_.group(), frames - at);
    const bool knows = !keeps_phase_ && inversion->has_texture() && model_.has_coherence();
    for (int row = 0; row < count; row += VaeModel::kRows) {
      const int rows = std::min(VaeModel::kRows, count - row);
      for (int r = row; r < row + rows; ++r) {
        const std::size_t begin = std::size_t(at + r) * hop_;
        Analyse(voice->forward_recent.Next(in[0] + begin), r);
        Hear(r, in[0] + begin, &voice->forward_warped, r - row);
        for (int i = 0; i < labels_.count(); ++i) {  // a frame takes the last of its hop
          Commands(r - row)[i] = voice->forward_labels.Heard(i, in[1 + i][begin + hop_ - 1]);
        }
      }
      Infer(rows);
      for (int r = 0; bridge_.is_there() && r < rows; ++r) Carry(r, &voice->forward_way);
      Make(row, rows, &voice->forward_past, knows);
      for (int r = 0; bridge_.is_there() && r < rows; ++r) {
        bridge_.Level(given_[row + r], amounts_[r], bins_, made_[row + r]);
      }
      for (int r = 0; r < rows; ++r) {
        for (int i = 0; i < labels_.guesses(); ++i) {
          std::fill_n(out[1 + i] + std::size_t(at + row + r) * hop_, hop_, Guesses(r)[i]);
        }
      }
    }
    float* const to = out[0] + std::size_t(at) * hop_;
    if (keeps_phase_) {
      for (int r = 0; r < count; ++r) KeepPhase(voice, r, to + std::size_t(r) * hop_);
      continue;
    }
    for (int r = 0; r < count; ++r) {
      if (*std::max_element(given_[r], given_[r] + bins_) <= silence_) {
        std::fill_n(made_[r], bins_, 0.0f);
      }
    }
    inversion->Process(made_[0], knows ? coherence_[0] : nullptr, made_.stride(), count, to);
  }
  voice->forward_level(out[0], frames * hop_);
}

void Vae::Encode(Voice* voice, const float* const* in, float* const* out, int frames) {
  for (int at = 0; at < frames; at += VaeModel::kRows) {
    const int rows = std::min(VaeModel::kRows, frames - at);
    for (int r = 0; r < rows; ++r) {
      const std::size_t begin = std::size_t(at + r) * hop_;
      if (!host_.is_warped()) Analyse(voice->encode_recent.Next(in[0] + begin), r);
      Hear(r, in[0] + begin, &voice->encode_warped, r);
      for (int i = 0; i < labels_.count(); ++i) {
        const int inlet = labels_.encode_inlet(i);
        Commands(r)[i] = inlet < 0 ? LabelInlets::kEmpty
                                   : voice->encode_labels.Heard(i, in[1 + inlet][begin + hop_ - 1]);
      }
    }
    Infer(rows);
    for (int r = 0; r < rows; ++r) {
      ShowAxes(Point(r), out, at + r);
      for (int i = 0; i < labels_.guesses(); ++i) out[shown_ + i][at + r] = Guesses(r)[i];
    }
  }
}

// The player's axes as they move by themselves; where nobody says a temperature, at the set one.
void Vae::Prior(Voice* voice, const float* in, float* const* out, int frames) {
  for (int frame = 0; frame < frames; ++frame) {
    const float given = std::isfinite(in[frame]) ? in[frame] : -1.0f;
    voice->has_spoken = voice->has_spoken || given != 0.0f;
    const bool is_said = voice->has_spoken && given >= 0.0f;
    voice->prior.Next(is_said ? std::min(given, kHottest) : prior_temperature_, points_.data());
    ShowAxes(points_.data(), out, frame);
  }
}

// What forward decodes of a latent that it heard: another instrument's, as far as is set.
void Vae::Carry(int row, Bridge::Past* past) {
  bridge_.Go(Point(row), past, moved_.data());
  const float amount = amounts_[row] = bridge_.NextAmount(past);
  for (int i = 0; i < latent_dim_; ++i) Point(row)[i] = Between(Point(row)[i], moved_[i], amount);
}

// A player's axes as another instrument has them.
void Vae::Translate(Voice* voice, const float* const* in, float* const* out, int frames) {
  const Axes& axes = axes_[projection_];
  for (int frame = 0; frame < frames; ++frame) {
    std::copy_n(axes.centre.data(), latent_dim_, Point(0));
    for (int axis = 0; axis < shown_; ++axis) {
      const float played = Played(in[axis][frame]);
      const float* const step = axes.from_axes.data() + axis * latent_dim_;
      for (int i = 0; i < latent_dim_; ++i) Point(0)[i] += played * step[i];
    }
    bridge_.Go(Point(0), &voice->translate_way, moved_.data());
    const float amount = bridge_.NextAmount(&voice->translate_way);
    for (int axis = 0; axis < shown_; ++axis) Point(0)[axis] = Played(in[axis][frame]);
    ShowAxes(moved_.data(), out, frame);
    for (int axis = 0; axis < shown_; ++axis) {
      out[axis][frame] = Between(Point(0)[axis], out[axis][frame], amount);
    }
  }
}

// A coordinate of an axis, no number of them absurd.
float Vae::Played(float given) const {
  return std::isfinite(given) ? std::min(std::max(given, -kLatentLimit), kLatentLimit) : 0.0f;
}

// A latent as a player sees it, in one frame of the outlets.
void Vae::ShowAxes(const float* latent, float* const* out, int frame) const {
  const Axes& axes = axes_[projection_];
  for (int axis = 0; axis < shown_; ++axis) {
    float sum = 0.0f;
    for (int i = 0; i < latent_dim_; ++i) {
      sum += (latent[i] - axes.centre[i]) * axes.to_axes[i * latent_dim_ + axis];
    }
    out[axis][frame] = sum;
  }
}

void Vae::Decode(Voice* voice, const float* const* in, float* out, int frames) {
  const Axes& axes = axes_[projection_];
  Inversion* const inversion = &voice->decode_inversion;
  for (int at = 0; at < frames; at += tables_.group()) {
    const int count = std::min(tables_.group(), frames - at);
    const bool knows = inversion->has_texture() && model_.has_coherence();
    for (int row = 0; row < count; row += VaeModel::kRows) {
      const int rows = std::min(VaeModel::kRows, count - row);
      for (int r = 0; r < rows; ++r) {
        float* const latent = Point(r);
        std::memcpy(latent, axes.centre.data(), latent_dim_ * sizeof(float));
        for (int axis = 0; axis < shown_; ++axis) {
          float played = Played(in[axis][at + row + r]);
          if (temperature_ > 0.0f) played += temperature_ * random_.Normal();
          const float* const step = axes.from_axes.data() + axis * latent_dim_;
          for (int i = 0; i < latent_dim_; ++i) latent[i] += played * step[i];
        }
        for (int i = 0; i < labels_.count(); ++i) {
          Commands(r)[i] = voice->decode_labels.Heard(i, in[shown_ + i][at + row + r]);
        }
        labels_.Unguessed(Commands(r), Labels(r));
        if (labels_.guesses_latents()) {
          labels_.Guess(nullptr, latent, Guesses(r));  // nothing is heard
          labels_.Guessed(Commands(r), Guesses(r), true, Labels(r));
        }
        labels_.ForDecoder(Labels(r), latent + latent_dim_);
      }
      Make(row, rows, &voice->decode_past, knows);
    }
    inversion->Process(made_[0], knows ? coherence_[0] : nullptr, made_.stride(), count,
                       out + std::size_t(at) * hop_);
  }
  voice->decode_level(out, frames * hop_);
}

void Vae::Process(int method, int voice, const float* const* in, float* const* out, int samples) {
  const int frames = samples / hop_;
  switch (methods_[method]) {
    case Method::kForward:
      return Forward(&voices_[voice], in, out, frames);
    case Method::kEncode:
      return Encode(&voices_[voice], in, out, frames);
    case Method::kDecode:
      return Decode(&voices_[voice], in, out[0], frames);
    case Method::kPrior:
      return Prior(&voices_[voice], in[0], out, frames);
    case Method::kTranslate:
      return Translate(&voices_[voice], in, out, frames);
  }
}

}  // namespace engine
