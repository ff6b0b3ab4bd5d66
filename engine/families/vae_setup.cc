// An instrument from its file, and what a player can set: see vschaos2/families/vae/streaming_vae.py.

#include <algorithm>
#include <cmath>

#include "base/refused.h"
#include "families/families.h"
#include "families/vae.h"

namespace engine {

namespace {

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

InversionTables ReadTables(const ModelFile& file) {
  const Json& settings = file.settings();
  InversionTables tables;
  const int n_fft = tables.n_fft = settings.At("n_fft").Whole("n_fft", 64, kLongestWindow);
  const int hop = tables.hop = settings.At("hop").Whole("hop", 1, kLongestWindow);
  if (n_fft & (n_fft - 1) || n_fft % (2 * hop) != 0) {
    Refuse("has a window and a hop that do not fit each other: export it again");
  }
  const int bins = tables.bins();
  if (std::int64_t(tables.group()) * bins > kMostInGroup) {
    Refuse("has a hop so short that the small engine would need too much memory for it");
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

LabelModel ReadLabels(const ModelFile& file) {
  LabelModel labels;
  labels.ReadLabels(file);
  return labels;
}

}  // namespace

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
    Refuse("has an inversion that the small engine does not know");
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
  bridge_.Read(file, latent_dim_, model_.bins());
  for (const std::string& name : methods) {
    const bool is_prior = name == "prior" && prior_.is_there();
    const bool translates = name == "translate" && bridge_.is_there();
    const bool is_told_axes = name == "decode" || translates;
    const bool says_axes = name == "encode" || is_prior || translates;
    if (!is_prior && !translates && name != "forward" && name != "encode" && name != "decode") {
      throw Refused("has the method " + name + ", which the small engine does not know");
    }
    methods_.push_back(name == "forward"  ? Method::kForward
                       : name == "encode" ? Method::kEncode
                       : is_prior         ? Method::kPrior
                       : translates       ? Method::kTranslate
                                          : Method::kDecode);
    const bool is_unlabelled = is_prior || translates;
    const int told = name == "encode" ? labels_.encode_inlets() : is_unlabelled ? 0 : labels_.count();
    const int said = name == "decode" || is_unlabelled ? 0 : labels_.guesses();
    check(name, "inlets", (is_told_axes ? shown_ : 1) + told);
    check(name, "outlets", (says_axes ? shown_ : 1) + said);
    check(name, "in_ratio", is_told_axes || is_prior ? hop_ : 1);
    check(name, "out_ratio", says_axes ? hop_ : 1);
  }
  if (file.about().Whole("block_samples") != hop_) Refuse("has blocks that are no hops");
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
    if (bridge_.is_there()) {
      voice.forward_way = bridge_.Begun();
      voice.translate_way = bridge_.Begun();
    }
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
  moved_.Make(latent_dim_);
  amounts_.Make(VaeModel::kRows);
  frame_.Make(tables_.n_fft);
  gain_.Make(bins_);
  SetModes("default");
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
  } else if (!bridge_.Set(name, control.value)) {
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
  const bool is_end = name == "source" || name == "target";
  if (bridge_.is_there() && is_choice == is_end &&
      (!is_end || int(control.choices.size()) == bridge_.instruments()) &&
      bridge_.Set(name, control.value)) {
    return;
  }
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
    bridge_.Forget(&voice.forward_way);
    bridge_.Forget(&voice.translate_way);
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
    case Method::kTranslate:
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

std::unique_ptr<Program> MakeVae(const ModelFile& file, const std::vector<std::string>& methods,
                                 int voices) {
  return std::make_unique<Vae>(file, methods, voices);
}

}  // namespace engine
