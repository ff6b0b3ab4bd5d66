// A host without Pd, whose models are fakes.

#ifndef VSCHAOS_TESTS_HOST_RIG_H_
#define VSCHAOS_TESTS_HOST_RIG_H_

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/host.h"
#include "fake_instrument.h"

namespace vschaos {

struct Listener : Console {
  void Error(const std::string& text) override { errors.push_back(text); }
  void Post(const std::string& text) override { posts.push_back(text); }
  void Info(const std::string& selector, const std::vector<Atom>& values) override {
    infos.emplace_back(selector, values);
  }
  std::string Find(const std::string& name, Failure* failure) override {
    if (name == "nowhere") *failure = "no such file";
    return name == "nowhere" ? "" : "/models/" + name;
  }

  std::vector<std::string> errors;
  std::vector<std::string> posts;
  std::vector<std::pair<std::string, std::vector<Atom>>> infos;
};

// "bad" cannot be loaded; "slow" waits for its gate; "warped" plays at two rates; everything else is a fake instrument.
struct HostRig {
  HostRig()
      : loader(&crew, [this](const LoadJob& job) {
          if (job.path == "/models/bad") return Loaded{nullptr, "cannot be loaded (it is bad)"};
          if (job.path == "/models/slow") gate.Wait();
          auto instrument = std::make_shared<FakeInstrument>(1, 512);
          instrument->gain = job.path == "/models/loud" ? 4.0 : 1.0;
          if (job.path == "/models/warped") instrument->host_rates = {44100, 48000};
          const std::lock_guard<std::mutex> lock(mutex);
          last = instrument;
          return Loaded{instrument, ""};
        }) {}

  std::unique_ptr<Host> Make(const std::string& model, const std::string& method = "forward",
                             int buffer = 0, bool is_offline = true, int voices = 1) {
    const auto peek = [](const std::string& path, const std::string& name, Ports* ports) {
      ports->inlets = name == "wide" ? 2 : 1;
      return path != "/models/bad";
    };
    return std::make_unique<Host>(&listener, &loader, peek,
                                  Settings{model, method, buffer, 64, voices, is_offline, patience});
  }

  std::vector<float> Run(Host* host, int samples) {
    std::vector<float> output(samples, 1.0f);
    for (int i = 0; i < samples; i += 64) {
      float* values = output.data() + i;
      host->Process(&values, &values, 64);
    }
    return output;
  }

  Listener listener;
  Patience patience;
  Semaphore gate;
  std::mutex mutex;  // a load that hung may end beside another
  std::weak_ptr<FakeInstrument> last;
  Crew crew;
  Loader loader;
};

}  // namespace vschaos

#endif  // VSCHAOS_TESTS_HOST_RIG_H_
