// The plug-in as hosts see it through the DISTRHO plug-in framework: LV2, VST3 and CLAP.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "DistrhoPlugin.hpp"
#include "DistrhoPluginUtils.hpp"
#include "base/processor.h"
#include "base/refused.h"
#include "core/loader.h"
#include "core/parameters.h"
#include "core/stream.h"

START_NAMESPACE_DISTRHO

namespace {

using vschaos::About;
using vschaos::Stream;
using Shown = vschaos::Parameter;

constexpr char kModelKey[] = "model";
constexpr int kMostMessages = 512;
constexpr int kSlowest = 4000, kFastest = 768000;  // rates of a host, in Hz
#ifdef VSCHAOS_INSTRUMENT
constexpr bool kIsInstrument = true;
#else
constexpr bool kIsInstrument = false;
#endif

// What the last parameter tells.
enum Status { kNoModel, kPlays, kRefused };
constexpr const char* kStatusNames[] = {"no model", "plays", "cannot play the file"};
constexpr const char* kNotYet = "not read yet";  // of a model that is there

const About& OwnAbout() {
  static const About about = vschaos::ReadAbout(getBinaryFilename(), kIsInstrument);
  return about;
}

// FNV-1a, of what makes this plug-in another than others.
std::uint32_t UniqueId() {
  std::uint32_t hash = 2166136261u;
  const char* volatile uri = DISTRHO_PLUGIN_URI;  // is written over: no compiler may know it
  for (const char* c = uri; *c; ++c) {
    hash = (hash ^ static_cast<unsigned char>(*c)) * 16777619u;
  }
  return hash;
}

}  // namespace

class VschaosPlugin : public Plugin {
 public:
  VschaosPlugin()
      : Plugin(static_cast<std::uint32_t>(OwnAbout().parameters.size() + 1), 0,
               OwnAbout().has_model() || OwnAbout().is_lost ? 0 : 1),
        about_(OwnAbout()),
        count_(about_.parameters.size()),
        values_(new std::atomic<float>[count_]),
        status_(about_.is_lost ? kRefused : kNoModel),
        applied_(count_, std::nanf("")) {
    for (std::size_t i = 0; i < count_; ++i) values_[i] = about_.parameters[i].value;
    if (!isDummyInstance()) loader_ = std::make_unique<vschaos::Loader>();
  }

 protected:
  const char* getName() const override { return about_.name.c_str(); }
  const char* getLabel() const override { return kIsInstrument ? "vschaos_instrument" : "vschaos_effect"; }
  const char* getMaker() const override { return DISTRHO_PLUGIN_BRAND; }
  const char* getLicense() const override { return "https://spdx.org/licenses/MIT"; }
  std::uint32_t getVersion() const override { return d_version(1, 0, 0); }
  std::int64_t getUniqueId() const override { return UniqueId(); }

  void initAudioPort(bool input, std::uint32_t index, AudioPort& port) override {
    port.groupId = kPortGroupStereo;
    Plugin::initAudioPort(input, index, port);
  }

  void initParameter(std::uint32_t index, Parameter& made) override {
    if (index == count_) {
      made.name = "status";
      made.symbol = "status";
      made.hints = kParameterIsOutput | kParameterIsInteger;
      made.ranges = ParameterRanges(0.0f, 0.0f, 2.0f);
      std::vector<std::string> names(std::begin(kStatusNames), std::end(kStatusNames));
      if (about_.has_model()) names[kNoModel] = kNotYet;
      Enumerate(made, names, 0.0f);
      return;
    }
    const Shown& shown = about_.parameters[index];
    made.hints = kParameterIsAutomatable;
    if (shown.kind == Shown::Kind::kSwitch) made.hints |= kParameterIsBoolean;
    if (shown.kind == Shown::Kind::kInteger || shown.kind == Shown::Kind::kChoice) {
      made.hints |= kParameterIsInteger;
    }
    if (shown.is_exponential && shown.lowest > 0.0f) made.hints |= kParameterIsLogarithmic;
    made.name = shown.name.c_str();
    made.symbol = shown.symbol.c_str();
    made.unit = shown.unit.c_str();
    made.ranges = ParameterRanges(shown.value, shown.lowest, shown.highest);
    Enumerate(made, shown.choices, shown.lowest);
  }

  void initState(std::uint32_t, State& state) override {
    state.hints = kStateIsFilenamePath;
    state.key = kModelKey;
    state.label = "Model";
    state.defaultValue = "";
    state.description = "NAME.ts, exported by vschaos2";
  }

  float getParameterValue(std::uint32_t index) const override {
    return index < count_ ? values_[index].load() : static_cast<float>(status_.load());
  }
  void setParameterValue(std::uint32_t index, float value) override {
    if (index >= count_ || !(std::fabs(value) < 1e9f)) return;
    const Shown& shown = about_.parameters[index];
    values_[index] = std::clamp(value, shown.lowest, shown.highest);
  }

  void setState(const char* key, const char* value) override {
    if (std::strcmp(key, kModelKey) != 0) return;
    const std::lock_guard<std::mutex> lock(asking_);
    path_ = value;
    Ask();
  }

  // All that lies ready plays from the first frame on, also where a host does not wait.
  void activate() override {
    if (!loader_) return;
    {
      const std::lock_guard<std::mutex> lock(asking_);
      if (asked_hz_ != Rate()) Ask();
    }
    loader_->Wait();
    if (loader_->Take(&stream_)) Forget();
    if (stream_) {
      Apply();
      stream_->Reset();
    }
    setLatency(stream_ ? stream_->latency() : 0);
  }

  void sampleRateChanged(double) override {
    const std::lock_guard<std::mutex> lock(asking_);
    Ask();
  }

#ifdef VSCHAOS_INSTRUMENT
  void run(const float** in, float** out, std::uint32_t frames, const MidiEvent* events,
           std::uint32_t event_count) override {
    int count = 0;
    for (std::uint32_t i = 0; i < event_count && count < kMostMessages; ++i) {
      const MidiEvent& event = events[i];
      if (event.size < 1 || event.size > MidiEvent::kDataSize) continue;
      vschaos::Message& message = messages_[count++];
      message = {event.frame, {event.data[0], 0, 0}};
      for (std::uint32_t k = 1; k < std::min(event.size, 3u); ++k) message.bytes[k] = event.data[k];
    }
    Play(in, out, static_cast<int>(frames), count);
  }
#else
  void run(const float** in, float** out, std::uint32_t frames) override {
    Play(in, out, static_cast<int>(frames), 0);
  }
#endif

 private:
  static void Enumerate(Parameter& made, const std::vector<std::string>& names, float lowest) {
    if (names.empty() || names.size() > 255) return;
    auto* const values = new ParameterEnumerationValue[names.size()];
    for (std::size_t i = 0; i < names.size(); ++i) {
      values[i].value = lowest + static_cast<float>(i);
      values[i].label = names[i].c_str();
    }
    made.enumValues.count = static_cast<std::uint8_t>(names.size());
    made.enumValues.restrictedMode = true;
    made.enumValues.values = values;
  }

  int Rate() const { return static_cast<int>(std::lround(getSampleRate())); }

  // To be called with `asking_` held.
  void Ask() {
    if (!loader_) return;
    asked_hz_ = Rate();
    if (path_.empty() && !about_.has_model()) {
      status_ = about_.is_lost ? kRefused : kNoModel;
      loader_->Ask([] { return std::unique_ptr<Stream>(); });
      return;
    }
    loader_->Ask([this, path = path_, rate_hz = asked_hz_] { return Open(path, rate_hz); });
  }

  // On the loader's thread.
  std::unique_ptr<Stream> Open(const std::string& path, int rate_hz) {
    const std::string& shown = about_.has_model() ? about_.name : path;
    std::string why = "needs more memory than there is";
    try {
      if (const char* missing = engine::MissingOfProcessor()) throw engine::Refused(missing);
      if (rate_hz < kSlowest || rate_hz > kFastest) {
        throw engine::Refused("plays in hosts of 4 to 768 kHz, not of " + std::to_string(rate_hz) + " Hz");
      }
      const engine::ModelFile file = about_.has_model() ? engine::ModelFile(about_.model)
                                                         : engine::ModelFile::Read(path);
      std::vector<float> values(values_.get(), values_.get() + count_);
      auto stream = kIsInstrument ? vschaos::MakeInstrument(file, about_, values, rate_hz)
                                  : vschaos::MakeEffect(file, about_, values, rate_hz);
      status_ = kPlays;
      return stream;
    } catch (const std::bad_alloc&) {
    } catch (const std::exception& error) {
      why = error.what();
    }
    status_ = kRefused;
    std::fprintf(stderr, "vschaos2: %s: %s\n", shown.c_str(), why.c_str());
    return nullptr;
  }

  // Nothing is known to have been applied to what plays.
  void Forget() { std::fill(applied_.begin(), applied_.end(), std::nanf("")); }

  void Apply() {
    for (std::size_t i = 0; i < count_; ++i) {
      const float value = values_[i].load(std::memory_order_relaxed);
      if (value == applied_[i]) continue;
      const Shown& shown = about_.parameters[i];
      // A knob of any model says nothing until it is moved.
      const bool is_untouched = shown.target == Shown::Target::kKnob && std::isnan(applied_[i]) &&
                                value == shown.value;
      applied_[i] = value;
      if (!is_untouched) stream_->Set(shown, value);
    }
  }

  void Play(const float* const* in, float* const* out, int frames, int count) {
    const bool is_next_there = loader_ && loader_->IsReady();
    if (stream_) {
      Apply();
      stream_->Run(in, out, frames, messages_, count);
      for (int side = 0; is_next_there && side < DISTRHO_PLUGIN_NUM_OUTPUTS; ++side) {
        for (int i = 0; i < frames; ++i) out[side][i] *= 1.0f - float(i + 1) / float(frames);
      }
    } else {
      for (int side = 0; side < DISTRHO_PLUGIN_NUM_OUTPUTS; ++side) {
        std::fill_n(out[side], frames, 0.0f);
      }
    }
    if (is_next_there && loader_->Take(&stream_)) {
      Forget();
      setLatency(stream_ ? stream_->latency() : 0);
    }
  }

  const About& about_;
  const std::size_t count_;
  const std::unique_ptr<std::atomic<float>[]> values_;
  std::atomic<int> status_;
  std::mutex asking_;  // never held by the audio thread
  std::string path_;
  int asked_hz_ = 0;
  std::vector<float> applied_;  // of the audio thread
  std::unique_ptr<Stream> stream_;
  vschaos::Message messages_[kMostMessages];
  std::unique_ptr<vschaos::Loader> loader_;  // ends first: its jobs use what is above

  DISTRHO_DECLARE_NON_COPYABLE(VschaosPlugin)
};

Plugin* createPlugin() { return new VschaosPlugin; }

END_NAMESPACE_DISTRHO
