// Hits that begin at the sample of their trigger: see vschaos2/families/foley/striking.py.
//
//     trigger, velocity, labels, axes ─> a hit is drawn ─> voices ─> sound

#include <algorithm>
#include <cmath>

#include "base/refused.h"
#include "dsp/output_level.h"
#include "families/families.h"
#include "families/hit_model.h"
#include "families/hit_voices.h"
#include "families/vae_labels.h"

namespace engine {

namespace {

constexpr float kThreshold = 0.5f;  // that a trigger rises through
constexpr double kApartMs = 5.0;    // what comes sooner after a strike is none
constexpr float kLoudest = 1e4f, kFarthest = 8.0f;
constexpr const char* kNumbers[] = {"velocity", "variation", "seed", "gain_db"};
constexpr const char* kSwitches[] = {"free", "choke", "limiter"};

// What is no number is silence.
float Clean(float x) {
  return std::isfinite(x) ? std::min(std::max(x, -kLoudest), kLoudest) : 0.0f;
}

// One stream of hits.
struct Stream {
  HitVoices voices;
  OutputLevel level;
  LabelInlets told;  // velocity and labels
  bool was_high = false;
  int since = 0;               // samples since the last strike, `apart` at most
  std::int64_t drawn = 0;      // strikes
  std::vector<float> commands;  // at the sample at hand
};

class Hits : public Program {
 public:
  ENGINE_ONCE Hits(const ModelFile& file, const std::vector<std::string>& methods, int voices);

  void Process(int method, int voice, const float* const* in, float* const* out,
               int samples) override;
  void Changed(const Control& control) override;
  ENGINE_ONCE void Begin(const Control& control) override;
  void Reset() override;
  int DelaySamples(int) const override { return 0; }
  std::vector<double> Reading(const std::string&) const override { return {0.0}; }

 private:
  void Listen(Stream* stream, const float* const* in, int at);
  void Strike(Stream* stream, const float* const* in, int at, int ahead);
  void SetRate(int rate_hz);
  int FindAxis(const std::string& name) const;

  HitStage stage_;
  HitModel model_;
  int axes_, apart_ = 1, frames_, latent_dim_;
  std::vector<std::string> label_names_;
  std::vector<float> classes_;  // as set
  Floats offsets_;              // of the axes, as set
  HitTold told_;
  float velocity_ = 1.0f;
  int polyphony_ = HitVoices::kVoices;
  bool is_choked_ = false;
  Floats latents_;  // of the hit at hand
  std::vector<Stream> streams_;
};

Hits::Hits(const ModelFile& file, const std::vector<std::string>& methods, int voices)
    : stage_(file),
      model_(file, stage_.sound().frames(), stage_.sound().latent_dim()),
      frames_(stage_.sound().parts() * stage_.sound().part_frames()),
      latent_dim_(stage_.sound().latent_dim()) {
  const Json& about = file.about();
  axes_ = file.settings().At("axes").Whole("axes", 0, model_.components());
  const int rate_hz = about.Whole("sample_rate_hz");
  if (!stage_.Has(rate_hz)) Refuse("has a rate at which no hit can be played: export it again");
  if (methods.size() != 1 || methods[0] != "hit") {
    Refuse("has methods beside hit, which the small engine does not know");
  }
  const Json& row = about.At("methods").At("hit");
  if (row.Whole("inlets") != 2 + model_.labels() + axes_ || row.Whole("outlets") != 1 ||
      row.Whole("in_ratio") != 1 || row.Whole("out_ratio") != 1) {
    Refuse("hit has other channels than the small engine plays");
  }
  told_.classes.assign(static_cast<std::size_t>(model_.labels()), 0);
  told_.axes.Make(model_.components());
  offsets_.Make(axes_);
  classes_.assign(told_.classes.size(), 0.0f);
  const int size = std::max(frames_, stage_.sound().frames()) * latent_dim_;
  latents_.Make(RoundUp(size, Linear::kPadding));
  streams_ = std::vector<Stream>(static_cast<std::size_t>(voices));
  for (Stream& stream : streams_) {
    stream.voices.Make(&stage_);
    stream.told.Make(1 + model_.labels());
    stream.commands.assign(static_cast<std::size_t>(1 + model_.labels()), 0.0f);
  }
  SetRate(rate_hz);
}

int Hits::FindAxis(const std::string& name) const {
  for (int axis = 0; axis < axes_; ++axis) {
    if (name == "axis" + std::to_string(axis + 1)) return axis;
  }
  return -1;
}

// What inlets command at a sample, nothing where they never said anything.
void Hits::Listen(Stream* stream, const float* const* in, int at) {
  for (int i = 0; i <= model_.labels(); ++i) {
    const float said = in[1 + i][at];
    stream->commands[i] = Clean(stream->told.Heard(i, std::isfinite(said) ? said : -1.0f));
  }
}

// A hit that is told at a sample begins so many samples from now.
void Hits::Strike(Stream* stream, const float* const* in, int at, int ahead) {
  const float* const said = stream->commands.data();
  told_.velocity = said[0] >= 0.0f ? std::min(said[0], 1.0f) : velocity_;
  for (int label = 0; label < model_.labels(); ++label) {
    const float of = said[1 + label] < 0.0f ? classes_[label] : said[1 + label];
    told_.classes[label] = static_cast<int>(of + 0.5f);
  }
  for (int axis = 0; axis < axes_; ++axis) {
    const float moved = Clean(in[2 + model_.labels() + axis][at]);
    told_.axes[axis] = offsets_[axis] + std::min(std::max(moved, -kFarthest), kFarthest);
  }
  const float gain = model_.Draw(told_, ++stream->drawn, latents_.data());
  for (int f = stage_.sound().frames(); f < frames_; ++f) {
    float* const frame = latents_.data() + std::size_t(f) * latent_dim_;
    std::copy_n(frame - latent_dim_, latent_dim_, frame);
  }
  stream->voices.Strike(ahead, latents_, gain, polyphony_, is_choked_);
}

void Hits::Process(int, int voice, const float* const* in, float* const* out, int samples) {
  Stream* const stream = &streams_[voice];
  for (int done = 0; done < samples;) {
    const int size = std::min(samples - done, stream->voices.until_step());
    for (int at = done; at < done + size; ++at) {
      Listen(stream, in, at);
      const bool is_high = Clean(in[0][at]) > kThreshold;
      if (is_high && !stream->was_high && stream->since >= apart_) {
        stream->since = 0;
        Strike(stream, in, at, at - done);
      }
      stream->was_high = is_high;
      stream->since = std::min(stream->since + 1, apart_);
    }
    stream->voices.Advance(size, out[0] + done);
    done += size;
  }
  stream->level(out[0], samples);
}

void Hits::SetRate(int rate_hz) {
  apart_ = static_cast<int>(kApartMs * rate_hz / 1000.0 + 0.5);
  stage_.SetRate(rate_hz);
  Reset();
}

void Hits::Changed(const Control& control) {
  const std::string& name = control.name;
  const auto value = static_cast<float>(control.value);
  const int axis = FindAxis(name);
  if (axis >= 0) {
    offsets_[axis] = value;
  } else if (name == "velocity") {
    velocity_ = value;
  } else if (name == "variation") {
    told_.variation = value;
  } else if (name == "seed") {
    told_.seed = static_cast<std::int64_t>(control.value);
  } else if (name == "free") {
    told_.is_free = value != 0.0f;
  } else if (name == "polyphony") {
    polyphony_ = std::min(std::max(static_cast<int>(value), 1), HitVoices::kVoices);
  } else if (name == "choke") {
    is_choked_ = value != 0.0f;
  } else if (name == "gain_db") {
    const auto gain = static_cast<float>(std::pow(10.0, control.value / 20.0));
    for (Stream& stream : streams_) stream.level.set_gain(gain);
  } else if (name == "limiter") {
    for (Stream& stream : streams_) stream.level.set_limited(value != 0.0f);
  } else if (name == "sample_rate") {
    SetRate(static_cast<int>(value));
  } else if (name == "reset") {
    Reset();
  } else {
    for (std::size_t i = 0; i < label_names_.size(); ++i) {
      if (name == label_names_[i]) classes_[i] = value;
    }
  }
}

void Hits::Begin(const Control& control) {
  const std::string& name = control.name;
  const auto is_of = [&](const auto& names) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  };
  bool is_known = false;
  switch (control.kind) {
    case Control::Kind::kChoice:  // labels, in their order
      is_known = label_names_.size() < classes_.size();
      if (is_known) label_names_.push_back(name);
      break;
    case Control::Kind::kNumber:
      is_known = (is_of(kNumbers) || FindAxis(name) >= 0) && std::fabs(control.lowest) <= 1e6 &&
                 std::fabs(control.highest) <= 1e6;
      if (name == "variation") is_known = control.lowest >= 0.0 && control.highest <= 1.0;
      if (name == "seed") is_known = is_known && control.lowest >= 0.0;
      break;
    case Control::Kind::kInteger:
      is_known = name == "polyphony" || name == "sample_rate";
      for (const double choice : control.integers) {
        is_known = is_known && (name == "polyphony" || stage_.Has(static_cast<int>(choice)));
      }
      break;
    default:
      is_known = is_of(kSwitches);
  }
  if (!is_known) {
    throw Refused("has a control " + name + ", or a value of it, that the small engine does not know");
  }
  Changed(control);
}

void Hits::Reset() {
  for (Stream& stream : streams_) {
    stream.voices.Forget();
    stream.level.Forget();
    stream.was_high = false;
    stream.since = apart_;
    stream.drawn = 0;
  }
}

}  // namespace

std::unique_ptr<Program> MakeHits(const ModelFile& file, const std::vector<std::string>& methods,
                                  int voices) {
  return std::make_unique<Hits>(file, methods, voices);
}

}  // namespace engine
