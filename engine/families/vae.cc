// The signal path of an instrument: see vschaos2/families/vae/instrument_core.py.
//
//     encode    sound ─> analysis ─> encoder ─> player's axes
//     decode    player's axes ─> decoder ─> phase recovery ─> sound
//     forward   sound ─> analysis ─> encoder ─> decoder ─> input's phase, or recovery ─> sound
//     prior     temperature ─> what its recordings' latents would do next ─> player's axes
//
// Frames are those of the host's sample rate, magnitudes between encoder and decoder the model's.
// Labels stand beside: commanded at further inlets, or guessed, which leaves at further outlets.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/random.h"
#include "base/refused.h"
#include "dsp/inversion.h"
#include "dsp/output_level.h"
#include "families/families.h"
#include "families/vae_host_rate.h"
#include "families/vae_labels.h"
#include "families/vae_model.h"
#include "families/vae_prior.h"

namespace engine {

namespace {

constexpr float kLatentLimit = 100.0f;
constexpr float kLeastHeard = 1e-12f;
constexpr float kHottest = 10.0f;  // temperature of a prior
constexpr int kLongestWindow = 32768;
constexpr std::int64_t kMostInGroup = 1 << 22;  // bins of a group of frames
constexpr char kKeepInput[] = "keep_input";
constexpr const char* kProjections[] = {"none", "pca", "ica"};

// The place of a projection among them, or -1.
int FindProjection(const std::string& name) {
  for (int i = 0; i < 3; ++i) {
    if (name == kProjections[i]) return i;
  }
  return -1;
}

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
  PriorStream prior;
  bool has_spoken = false;  // the inlet of its temperature
};

ENGINE_ONCE InversionTables ReadTables(const ModelFile& file) {
  const Json& settings = file.settings();
  InversionTables tables;
  const int n_fft = tables.n_fft = settings.At("n_fft").Whole("n_fft", 64, kLongestWindow);
  const int hop = tables.hop = settings.At("hop").Whole("hop", 1, kLongestWindow);
  if (n_fft & (n_fft - 1) || n_fft % (2 * hop) != 0) {
    throw Refused("has a window and a hop that do not fit each other: export it again");
  }
  const int bins = tables.bins();
  if (std::int64_t(tables.group()) * bins > kMostInGroup) {
    throw Refused("has a hop so short that the small engine would need too much memory for it");
  }
  tables.window = file.Copy("window", n_fft);
  tables.dual = file.Copy("dual", n_fft);
  tables.short_window = file.Copy("short", 2 * hop);
  tables.advance = file.Copy("advance", bins);
  tables.phases = file.Copy("phases", InversionTables::kPhaseRows + bins - 1);
  tables.low = file.Copy("low", bins);
  tables.noise = file.Copy("noise", static_cast<int>(WhiteNoise::kStarts) + hop - 1);
  tables.noise_window = file.Copy("noise_window", n_fft);
  return tables;
}

ENGINE_ONCE LabelModel ReadLabels(const ModelFile& file) {
  LabelModel labels;
  labels.ReadLabels(file);
  return labels;
}

class Vae : public Program {
 public:
  ENGINE_ONCE Vae(const ModelFile& file, const std::vector<std::string>& methods, int voices);

  void Process(int method, int voice, const float* const* in, float* const* out,
               int samples) override;
  void Changed(const Control& control) override;
  void Begin(const Control& control) override;
  void Reset() override;
  int DelaySamples(int method) const override;
  std::vector<double> Reading(const std::string& control) const override;

 private:
  enum class Method { kForward, kEncode, kDecode, kPrior };

  void Forward(Voice* voice, const float* const* in, float* const* out, int frames);
  void Encode(Voice* voice, const float* const* in, float* const* out, int frames);
  void Decode(Voice* voice, const float* const* in, float* out, int frames);
  void Prior(Voice* voice, const float* in, float* const* out, int frames);
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
  std::vector<std::string> label_names_;
};

Vae::Vae(const ModelFile& file, const std::vector<std::string>& methods, int voices)
    : labels_(ReadLabels(file)),
      model_(file, labels_.encoder_width(), labels_.decoder_width()),
      tables_(ReadTables(file)),
      fourier_(tables_.n_fft),
      hop_(tables_.hop),
      bins_(tables_.bins()),
      latent_dim_(model_.latent_dim()) {
  tables_.white_noise = {tables_.noise.data(), tables_.noise_window.data()};
  const Json& settings = file.settings();
  shown_ = settings.At("latent_dims").Whole("latent_dims", 1, latent_dim_);
  silence_ = static_cast<float>(settings.At("silence").Number());
  forward_mode_ = settings.At("forward_mode").Text();
  decode_mode_ = settings.At("decode_mode").Text();
  if (!FindMode(decode_mode_) || (forward_mode_ != kKeepInput && !FindMode(forward_mode_))) {
    throw Refused("has an inversion that the small engine does not know");
  }
  const Json& shapes = file.about().At("methods");
  const auto check = [&](const std::string& name, const char* side, int channels) {
    if (shapes.At(name).Whole(side) != channels) {
      throw Refused(name + " has other channels than the small engine plays");
    }
  };
  host_.Read(file, tables_.n_fft, hop_, model_.bins());
  prior_.Read(file, latent_dim_);
  labels_.ReadPredictors(file, model_.feature_dim(), latent_dim_);
  for (const std::string& name : methods) {
    const bool is_prior = name == "prior" && prior_.is_there();
    if (!is_prior && name != "forward" && name != "encode" && name != "decode") {
      throw Refused("has the method " + name + ", which the small engine does not know");
    }
    methods_.push_back(name == "forward"  ? Method::kForward
                       : name == "encode" ? Method::kEncode
                       : is_prior         ? Method::kPrior
                                          : Method::kDecode);
    const int told = name == "encode" ? labels_.encode_inlets() : is_prior ? 0 : labels_.count();
    const int said = name == "decode" || is_prior ? 0 : labels_.guesses();
    check(name, "inlets", (name == "decode" ? shown_ : 1) + told);
    check(name, "outlets", (name == "encode" || is_prior ? shown_ : 1) + said);
    check(name, "in_ratio", name == "decode" || is_prior ? hop_ : 1);
    check(name, "out_ratio", name == "encode" || is_prior ? hop_ : 1);
  }
  if (file.about().Whole("block_samples") != hop_) throw Refused("has blocks that are no hops");
  for (const char* kind : kProjections) {
    const std::string name(kind);
    const int square = latent_dim_ * latent_dim_;
    Axes axes{file.Copy(name + ".centre", latent_dim_), Floats(square), Floats(square)};
    axes.to_axes.Copy(file.Find(name + ".to_axes", {latent_dim_, latent_dim_}), square);
    axes.from_axes.Copy(file.Find(name + ".from_axes", {latent_dim_, latent_dim_}), square);
    axes_.push_back(std::move(axes));
  }
  voices_ = std::vector<Voice>(static_cast<std::size_t>(voices));
  for (Voice& voice : voices_) {
    voice.encode_recent.Make(tables_.n_fft - hop_, hop_);
    voice.forward_recent.Make(tables_.n_fft - hop_, hop_);
    if (host_.longest() > 0) {
      voice.encode_warped.Make(host_.longest() - hop_, hop_);
      voice.forward_warped.Make(host_.longest() - hop_, hop_);
    }
    voice.forward_sound.Make(tables_.n_fft, hop_);
    voice.forward_inversion.Make(&tables_, &fourier_);
    voice.decode_inversion.Make(&tables_, &fourier_);
    voice.forward_labels.Make(labels_.count());
    voice.encode_labels.Make(labels_.count());
    voice.decode_labels.Make(labels_.count());
    voice.forward_past = model_.Begun();
    voice.decode_past = model_.Begun();
    if (prior_.is_there()) voice.prior.Make(&prior_);
  }
  textured_gain_.Make(bins_, tables_.low.data());
  const int group = std::max(tables_.group(), VaeModel::kRows);
  for (Rows* rows : {&real_, &imaginary_, &given_, &made_, &coherence_}) {
    rows->Make(group, RoundUp(bins_, Linear::kPadding));
  }
  for (Rows* rows : {&heard_, &unwarped_}) {
    rows->Make(VaeModel::kRows, RoundUp(model_.bins(), Linear::kPadding));
  }
  points_.Make(std::size_t(VaeModel::kRows) * model_.point_dim());
  commands_.Make(std::size_t(VaeModel::kRows) * labels_.count());
  told_.Make(std::size_t(VaeModel::kRows) * labels_.count());
  guesses_.Make(std::size_t(VaeModel::kRows) * labels_.guesses());
  beside_.Make(std::size_t(VaeModel::kRows) * labels_.encoder_width());
  deviations_.Make(std::size_t(VaeModel::kRows) * latent_dim_);
  frame_.Make(tables_.n_fft);
  gain_.Make(bins_);
  SetModes("default");
}

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
      Make(row, rows, &voice->forward_past, knows);
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
          const float given = in[axis][at + row + r];
          float played = 0.0f;
          if (std::isfinite(given)) {
            played = std::min(std::max(given, -kLatentLimit), kLatentLimit);
          }
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
  }
}

void Vae::SetModes(const std::string& name) {
  const std::string& forward = name == "default" ? forward_mode_ : name;
  const bool is_own = name == "default" || name == kKeepInput;
  const Mode* const decode = FindMode(is_own ? decode_mode_ : name);
  const Mode* const recovery = FindMode(forward);
  keeps_phase_ = forward == kKeepInput;
  for (Voice& voice : voices_) {
    if (!keeps_phase_ && recovery) voice.forward_inversion.SetMode(*recovery);
    voice.forward_sound.Forget();
    if (decode) voice.decode_inversion.SetMode(*decode);
  }
}

void Vae::Changed(const Control& control) {
  const std::string& name = control.name;
  const auto value = static_cast<float>(control.value);
  if (name == "temperature") {
    temperature_ = value;
  } else if (name == "prior_temperature") {
    prior_temperature_ = value;
  } else if (name == "prior_seed") {
    for (Voice& voice : voices_) voice.prior.set_seed(static_cast<std::int64_t>(control.value));
  } else if (name == "inversion") {
    SetModes(control.word());
  } else if (name == "projection") {
    projection_ = FindProjection(control.word());
  } else if (name == "texture") {
    texture_ = value;
    for (Voice& voice : voices_) {
      voice.forward_inversion.SetTexture(value);
      voice.decode_inversion.SetTexture(value);
    }
  } else if (name == "gain_db") {
    const auto gain = static_cast<float>(std::pow(10.0, control.value / 20.0));
    for (Voice& voice : voices_) {
      voice.forward_level.set_gain(gain);
      voice.decode_level.set_gain(gain);
    }
  } else if (name == "limiter") {
    for (Voice& voice : voices_) {
      voice.forward_level.set_limited(control.word() == "all");
      voice.decode_level.set_limited(control.word() != "off");
    }
  } else if (name == "sample_rate") {
    if (!host_.Set(static_cast<int>(control.value))) return;
    for (Voice& voice : voices_) {
      voice.encode_warped.Forget();
      voice.forward_warped.Forget();
    }
  } else if (name == "reset") {
    Reset();
  } else {
    for (std::size_t i = 0; i < label_names_.size(); ++i) {
      if (name == label_names_[i]) labels_.Set(static_cast<int>(i), value);
    }
  }
}

void Vae::Begin(const Control& control) {
  const std::string& name = control.name;
  if (control.kind == Control::Kind::kText && int(label_names_.size()) < labels_.count()) {
    labels_.Set(static_cast<int>(label_names_.size()), static_cast<float>(control.value));
    label_names_.push_back(name);  // in their order
    return;
  }
  const bool is_choice = control.kind == Control::Kind::kChoice;
  bool is_known = is_choice == (name == "inversion" || name == "projection" || name == "limiter");
  for (const char* other : {"temperature", "inversion", "projection", "texture", "gain_db",
                            "limiter", "sample_rate", "prior_temperature", "prior_seed"}) {
    if (name == other) {
      for (const std::string& word : control.choices) {
        if (name == "inversion") {
          is_known = is_known && (word == "default" || word == kKeepInput || FindMode(word));
        } else if (name == "projection") {
          is_known = is_known && FindProjection(word) >= 0;
        }
      }
      if (!is_known) break;
      return Changed(control);
    }
  }
  throw Refused("has a control " + name + ", or a choice of it, that the small engine does not know");
}

void Vae::Reset() {
  for (Voice& voice : voices_) {
    voice.encode_recent.Forget();
    voice.forward_recent.Forget();
    voice.encode_warped.Forget();
    voice.forward_warped.Forget();
    voice.forward_sound.Forget();
    voice.forward_inversion.Reset();
    voice.decode_inversion.Reset();
    voice.forward_level.Forget();
    voice.decode_level.Forget();
    model_.Forget(&voice.forward_past);
    model_.Forget(&voice.decode_past);
    voice.prior.Forget();
  }
}

int Vae::DelaySamples(int method) const {
  switch (methods_[method]) {
    case Method::kForward:
      return keeps_phase_ ? tables_.n_fft - hop_ : voices_[0].forward_inversion.delay_samples();
    case Method::kDecode:
      return voices_[0].decode_inversion.delay_samples();
    case Method::kEncode:
    case Method::kPrior:
      return 0;
  }
  return 0;
}

std::vector<double> Vae::Reading(const std::string& control) const {
  if (control == "latent_dims") return {static_cast<double>(shown_)};
  const int forward =
      keeps_phase_ ? tables_.n_fft - hop_ : voices_[0].forward_inversion.delay_samples();
  return {static_cast<double>(forward),
          static_cast<double>(voices_[0].decode_inversion.delay_samples())};
}

}  // namespace

std::unique_ptr<Program> MakeVae(const ModelFile& file, const std::vector<std::string>& methods,
                                 int voices) {
  return std::make_unique<Vae>(file, methods, voices);
}

}  // namespace engine
