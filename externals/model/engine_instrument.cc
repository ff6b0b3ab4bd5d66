// An exported file as an instrument of the small engine, which needs no libtorch.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/processor.h"
#include "core/stream.h"
#include "file/model_file.h"
#include "model/models.h"
#include "play/player.h"

namespace vschaos {

namespace {

// ": it takes …", where what a control takes can be listed.
std::string Taken(const engine::Control& control) {
  using Kind = engine::Control::Kind;
  const auto shown = [](double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", number);
    return std::string(text);
  };
  if (control.kind == Kind::kNumber) {
    return ": it takes " + shown(control.lowest) + " to " + shown(control.highest);
  }
  std::vector<std::string> words = control.choices;
  for (const double number : control.integers) words.push_back(shown(number));
  return words.empty() ? "" : ": it takes " + Join(words);
}

class EngineInstrument : public Instrument {
 public:
  // Throws engine::Refused and std::bad_alloc.
  EngineInstrument(const engine::ModelFile& file, int voices) : player_(file, voices) {
    for (const engine::PlayedMethod& played : player_.methods()) {
      Method method;
      method.name = played.name;
      method.in_channels = played.in_channels;
      method.in_ratio = played.in_ratio;
      method.out_channels = played.out_channels;
      method.out_ratio = played.out_ratio;
      method.input_labels = played.input_labels;
      method.output_labels = played.output_labels;
      methods_.push_back(std::move(method));
    }
    for (const engine::Control& control : player_.controls()) attributes_.push_back(control.name);
  }

  const std::vector<Method>& methods() const override { return methods_; }
  const std::vector<std::string>& attributes() const override { return attributes_; }
  int sample_rate_hz() const override { return player_.sample_rate_hz(); }
  const char* player() const override { return "engine"; }

  std::vector<int> host_rates_hz() const override {
    const engine::Control* const control = player_.Find("sample_rate");
    std::vector<int> rates_hz;
    if (!control) return rates_hz;
    for (const double rate_hz : control->integers) rates_hz.push_back(static_cast<int>(rate_hz));
    return rates_hz;
  }

  // Room for values of so many samples, so that Process need make none.
  void MakeRoom(int frames) {
    for (const Method& method : methods_) {
      Grow(&in_, &in_rows_, method.in_channels, frames / method.in_ratio);
      Grow(&out_, &out_rows_, method.out_channels, frames / method.out_ratio);
    }
  }

  Failure Process(int index, const Ports& ports, const float* in, float* out,
                  int frames) noexcept override {
    try {
      const Method& method = methods_[index];
      const int in_count = frames / method.in_ratio, out_count = frames / method.out_ratio;
      Grow(&in_, &in_rows_, method.in_channels, in_count);
      Grow(&out_, &out_rows_, method.out_channels, out_count);
      for (int voice = 0; voice < ports.voices; ++voice) {
        const float* const from = in + std::size_t(voice) * ports.inlets * frames;
        float* const to = out + std::size_t(voice) * ports.outlets * frames;
        for (int channel = 0; channel < method.in_channels; ++channel) {
          // Of each ratio's samples the last one counts.
          const float* const row = from + std::size_t(channel) * frames + method.in_ratio - 1;
          float* const values = in_.data() + std::size_t(channel) * in_count;
          for (int i = 0; i < in_count; ++i) values[i] = row[std::size_t(i) * method.in_ratio];
          in_rows_[channel] = values;
        }
        for (int channel = 0; channel < method.out_channels; ++channel) {
          out_rows_[channel] = out_.data() + std::size_t(channel) * out_count;
        }
        if (!player_.Process(index, voice, in_rows_.data(), out_rows_.data(), frames)) {
          return "cannot be played in chunks of " + std::to_string(frames) + " samples";
        }
        for (int channel = 0; channel < method.out_channels; ++channel) {
          float* row = to + std::size_t(channel) * frames;
          for (int i = 0; i < out_count; ++i) {
            row = std::fill_n(row, method.out_ratio, out_rows_[channel][i]);
          }
        }
      }
      return "";
    } catch (const std::bad_alloc&) {
      return "needs more memory than there is";
    }
  }

  Failure Set(const std::string& name, const std::vector<Atom>& values) noexcept override {
    const engine::Control* const control = player_.Find(name);
    if (!control) return Unknown(name);
    const std::size_t wanted =
        control->kind == engine::Control::Kind::kReading ? player_.Reading(*control).size() : 1;
    if (values.size() != wanted) {
      return "needs " + std::to_string(wanted) + " values, got " + std::to_string(values.size());
    }
    const double* const number = std::get_if<double>(&values[0]);
    if (!number && !control->is_word()) return "needs a number, got " + std::get<std::string>(values[0]);
    const bool is_taken = number ? player_.Set(name, *number)
                                 : player_.Set(name, std::get<std::string>(values[0]));
    return is_taken ? "" : "the model refuses this value" + Taken(*control);
  }

  Failure Get(const std::string& name, std::vector<Atom>* values) noexcept override {
    const engine::Control* const control = player_.Find(name);
    if (!control) return Unknown(name);
    values->clear();
    if (control->is_word()) {
      values->emplace_back(control->word());
    } else if (control->kind == engine::Control::Kind::kReading) {
      for (const double value : player_.Reading(*control)) values->emplace_back(value);
    } else {
      values->emplace_back(control->value);
    }
    return "";
  }

  Failure Reset() noexcept override {
    player_.Reset();
    return "";
  }

  int DelaySamples(int index) noexcept override { return player_.DelaySamples(index); }

 private:
  template <typename Row>
  static void Grow(std::vector<float>* values, std::vector<Row>* rows, int channels, int count) {
    const std::size_t size = std::size_t(channels) * count;
    if (values->size() < size) values->resize(size);
    if (rows->size() < std::size_t(channels)) rows->resize(channels);
  }

  Failure Unknown(const std::string& name) const {
    const std::string known = Join(attributes_);
    return "the model has no attribute " + name + (known.empty() ? "" : ", but " + known);
  }

  engine::Player player_;
  std::vector<Method> methods_;
  std::vector<std::string> attributes_;
  std::vector<float> in_, out_;
  std::vector<const float*> in_rows_;
  std::vector<float*> out_rows_;
};

}  // namespace

Loaded LoadByEngine(const LoadJob& job) {
  Loaded loaded;
  try {
    if (const char* missing = engine::MissingOfProcessor()) {
      loaded.failure = missing;
      return loaded;
    }
    const auto instrument =
        std::make_shared<EngineInstrument>(engine::ModelFile::Read(job.path), job.voices);
    const int granularity = Granularity(*instrument);
    if (granularity == 0) {
      loaded.failure = "the ratios of its methods have no common multiple below 65536";
      return loaded;
    }
    instrument->MakeRoom(Plan(job.block, job.buffer, granularity).chunk);
    loaded.instrument = instrument;
  } catch (const std::bad_alloc&) {
    loaded.failure = "needs more memory than there is";
  } catch (const std::exception& error) {
    loaded.failure = error.what();
  }
  return loaded;
}

bool PeekByEngine(const std::string& path, const std::string& name, Ports* ports) {
  try {
    const engine::ModelFile file = engine::ModelFile::Read(path);
    const engine::Json* const method = file.about().At("methods").Find(name);
    if (!method) return false;
    constexpr int kMostChannels = 512;
    ports->inlets = method->At("inlets").Whole("inlets", 1, kMostChannels);
    ports->outlets = method->At("outlets").Whole("outlets", 1, kMostChannels);
    return true;
  } catch (const std::exception&) {
    return false;  // whoever loads the file says why
  }
}

}  // namespace vschaos
