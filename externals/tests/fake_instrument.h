// An instrument whose every output is known: gain · input, and a gate that holds it up.

#ifndef VSCHAOS_TESTS_FAKE_INSTRUMENT_H_
#define VSCHAOS_TESTS_FAKE_INSTRUMENT_H_

#include <atomic>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/engine.h"
#include "core/instrument.h"
#include "core/semaphore.h"

namespace vschaos {

class FakeInstrument : public Instrument {
 public:
  explicit FakeInstrument(int channels = 1, int ratio = 1) {
    methods_.push_back({"forward", channels, 1, channels, 1, {"in"}, {"out"}, ""});
    methods_.push_back({"negate", channels, 1, channels, ratio, {"in"}, {"out"}, ""});
    methods_.push_back({"wide", 2 * channels, ratio, channels, 1, {"in"}, {"out"}, ""});
    methods_.push_back({"broken", channels, 1, channels, 1, {"in"}, {"out"}, "it was tried"});
  }

  const std::vector<Method>& methods() const override { return methods_; }
  const std::vector<std::string>& attributes() const override { return attributes_; }
  int sample_rate_hz() const override { return 44100; }
  const char* player() const override { return "fake"; }
  std::vector<int> host_rates_hz() const override { return host_rates; }

  Failure Process(int method, const Ports& ports, const float* in, float* out,
                  int frames) noexcept override {
    if (is_gated) {
      has_arrived.Post();
      gate.Wait();
    }
    seen.emplace_back(in[0], gain);
    if (fails) return "it is broken";
    const float factor = float(method == 1 ? -gain : gain);
    for (int voice = 0; voice < ports.voices; ++voice) {
      for (int i = 0; i < methods_[method].out_channels * frames; ++i) {
        out[i] = is_nan ? std::nanf("") : factor * in[i];
      }
      in += ports.inlets * frames;
      out += ports.outlets * frames;
    }
    return "";
  }

  Failure Set(const std::string& name, const std::vector<Atom>& values) noexcept override {
    if (name == "sample_rate") {
      told_rates.push_back(std::get<double>(values[0]));
      return "";
    }
    if (name != "gain") return "no attribute " + name;
    gain = std::get<double>(values[0]);
    return "";
  }

  Failure Get(const std::string& name, std::vector<Atom>* values) noexcept override {
    if (name != "gain") return "no attribute " + name;
    values->push_back(gain);
    return "";
  }

  Failure Reset() noexcept override {
    ++resets;
    return "";
  }

  int DelaySamples(int) noexcept override { return 7; }

  double gain = 1.0;
  int resets = 0;
  std::vector<int> host_rates;
  std::vector<double> told_rates;
  bool is_nan = false;
  std::atomic<bool> fails{false};
  std::atomic<bool> is_gated{false};
  Semaphore has_arrived;  // posted when a gated chunk is begun
  Semaphore gate;         // lets one gated chunk through
  std::vector<std::pair<float, double>> seen;  // first sample and gain of every chunk

 private:
  std::vector<Method> methods_;
  std::vector<std::string> attributes_{"gain"};
};

inline Command PlayCommand(std::shared_ptr<Instrument> instrument, int method = 0) {
  Command command;
  command.verb = Command::Verb::kPlay;
  command.instrument = std::move(instrument);
  command.method = method;
  return command;
}

inline Command SetGain(double gain) {
  Command command;
  command.verb = Command::Verb::kSet;
  command.name = "gain";
  command.values = {gain};
  return command;
}

// One channel through an engine, block by block, in place as Pd does it.
inline std::vector<float> RunMono(Engine* engine, const std::vector<float>& input) {
  std::vector<float> output = input;
  const int block = engine->geometry().block;
  for (std::size_t i = 0; i + block <= output.size(); i += block) {
    float* samples = output.data() + i;
    engine->Process(&samples, &samples, block);
  }
  return output;
}

// 1, 2, 3 …: every sample tells its own position.
inline std::vector<float> Ramp(int count, int start = 1) {
  std::vector<float> values(count);
  for (int i = 0; i < count; ++i) values[i] = float(start + i);
  return values;
}

}  // namespace vschaos

#endif  // VSCHAOS_TESTS_FAKE_INSTRUMENT_H_
