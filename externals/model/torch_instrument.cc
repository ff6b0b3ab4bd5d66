// A TorchScript file as an instrument: the contract of nn~, seen from the host's side.
//
// A file names its methods in get_methods() and its attributes in get_attributes(). A method m has
// a tensor m_params = [in_channels, in_ratio, out_channels, out_ratio], takes float32
// [V, in_channels, N / in_ratio] and returns [V, out_channels, N / out_ratio], V the voices. An
// attribute a has get_a() -> list, set_a(...) -> 0, and a_params with a type code per value.

#include "model/models.h"

#include <ATen/Parallel.h>
#include <torch/csrc/jit/runtime/print_handler.h>
#include <torch/script.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/stream.h"
#include "model/bounded_memory.h"
#include "model/torch_ports.h"
#include "model/torch_values.h"

namespace vschaos {

namespace {

constexpr std::int64_t kMostValues = 1 << 24;  // in a chunk of all channels
constexpr int kWarmUpCalls = 4;  // TorchScript has compiled a method after the second

class TorchInstrument : public Instrument {
 public:
  // Throws what libtorch throws.
  explicit TorchInstrument(torch::jit::Module module) : module_(std::move(module)) {
    const std::vector<std::string> names = MethodNames();
    for (const std::string& name : names) {
      Method method;
      method.name = name;
      if (!module_.hasattr(name + "_params")) {
        method.failure = "the file has no " + name + "_params";
      } else if (!module_.find_method(name)) {
        method.failure = "the file has no code for it";
      } else {
        method.failure = ReadShape(module_.attr(name + "_params"), &method);
      }
      method.input_labels = Labels(module_, name + "_input_labels");
      method.output_labels = Labels(module_, name + "_output_labels");
      methods_.push_back(std::move(method));
    }
    if (module_.find_method("get_attributes")) {
      attributes_ = Strings(module_.run_method("get_attributes"));
    }
    if (module_.hasattr("sample_rate_hz") && module_.attr("sample_rate_hz").isInt()) {
      sample_rate_hz_ = static_cast<int>(module_.attr("sample_rate_hz").toInt());
    }
    if (Knows("sample_rate") && module_.hasattr("host_rates_hz") &&
        module_.attr("host_rates_hz").isIntList()) {
      for (const std::int64_t rate_hz : module_.attr("host_rates_hz").toIntVector()) {
        host_rates_hz_.push_back(static_cast<int>(rate_hz));
      }
    }
  }

  // The same face on a module of its own, whose state is untouched.
  TorchInstrument(const TorchInstrument& face, torch::jit::Module module)
      : module_(std::move(module)),
        methods_(face.methods_),
        attributes_(face.attributes_),
        sample_rate_hz_(face.sample_rate_hz_),
        host_rates_hz_(face.host_rates_hz_) {}

  const std::vector<Method>& methods() const override { return methods_; }
  const std::vector<std::string>& attributes() const override { return attributes_; }
  int sample_rate_hz() const override { return sample_rate_hz_; }
  const char* player() const override { return "libtorch"; }
  std::vector<int> host_rates_hz() const override { return host_rates_hz_; }

  // Runs every method on silence in all voices; one that fails is marked, so that nobody plays it.
  void TryOut(const LoadJob& job) {
    const int frames = Plan(job.block, job.buffer, Granularity(*this)).chunk;
    for (std::size_t i = 0; i < methods_.size(); ++i) {
      Method& method = methods_[i];
      const Ports ports{method.in_channels, method.out_channels, job.voices};
      if (std::int64_t(frames) * std::max(ports.in_rows(), ports.out_rows()) > kMostValues) {
        method.failure =
            "needs chunks of " + std::to_string(frames) + " samples, more than this host gives";
        continue;
      }
      const std::vector<float> in(std::size_t(ports.in_rows()) * frames);
      std::vector<float> out(std::size_t(ports.out_rows()) * frames);
      for (int call = 0; call < kWarmUpCalls && method.failure.empty(); ++call) {
        if (job.is_cancelled) return;
        method.failure = Process(static_cast<int>(i), ports, in.data(), out.data(), frames);
      }
      if (job.voices > 1 && !method.failure.empty()) {
        method.failure += " with " + std::to_string(job.voices) + " voices";
      }
    }
  }

  // A voice is an item of a batch.
  Failure Process(int index, const Ports& ports, const float* in, float* out,
                  int frames) noexcept override {
    return Guarded([&] {
      const Method& method = methods_[index];
      const std::int64_t count = frames / method.in_ratio;
      // Of each ratio's samples the last one counts. The model may keep its input: it gets a copy.
      const at::Tensor values =
          at::from_blob(const_cast<float*>(in) + method.in_ratio - 1,
                        {ports.voices, method.in_channels, count},
                        {std::int64_t(ports.inlets) * frames, frames, method.in_ratio},
                        at::kFloat)
              .clone(at::MemoryFormat::Contiguous);
      const c10::IValue returned = module_.get_method(method.name)({values});
      if (!returned.isTensor()) return Failure("returns no tensor");
      const at::Tensor result = returned.toTensor();
      const std::int64_t each = std::int64_t(method.out_channels) * (frames / method.out_ratio);
      const std::int64_t wanted = ports.voices * each;
      if (result.numel() != wanted) {
        return "returns " + std::to_string(result.numel()) + " values where " +
               std::to_string(wanted) + " are due";
      }
      const at::Tensor plain = result.to(at::kCPU, at::kFloat).contiguous();
      const float* value = plain.const_data_ptr<float>();
      for (int voice = 0; voice < ports.voices; ++voice, value += each) {
        float* row = out + std::size_t(voice) * ports.outlets * frames;
        for (std::int64_t i = 0; i < each; ++i) {
          row = std::fill_n(row, method.out_ratio, value[i]);
        }
      }
      return Failure();
    });
  }

  Failure Set(const std::string& name, const std::vector<Atom>& values) noexcept override {
    return Guarded([&] {
      if (!Knows(name)) return Unknown(name);
      if (!module_.hasattr(name + "_params") || !module_.find_method("set_" + name)) {
        return Failure("the model offers no way to set it");
      }
      const at::Tensor types = module_.attr(name + "_params").toTensor().to(at::kLong).reshape(-1);
      if (types.numel() != static_cast<std::int64_t>(values.size())) {
        return "needs " + std::to_string(types.numel()) + " values, got " +
               std::to_string(values.size());
      }
      std::vector<c10::IValue> arguments;
      for (std::size_t i = 0; i < values.size(); ++i) {
        arguments.push_back(Typed(values[i], types[static_cast<int>(i)].item<std::int64_t>()));
      }
      const c10::IValue answer = module_.get_method("set_" + name)(arguments);
      const bool is_refused = answer.isInt() && answer.toInt() != 0;
      return Failure(is_refused ? "the model refuses this value" + Taken(module_, name) : "");
    });
  }

  Failure Get(const std::string& name, std::vector<Atom>* values) noexcept override {
    return Guarded([&] {
      if (!Knows(name)) return Unknown(name);
      if (!module_.find_method("get_" + name)) return Failure("the model offers no way to get it");
      *values = Untyped(module_.run_method("get_" + name));
      return Failure();
    });
  }

  Failure Reset() noexcept override {
    if (Knows("reset")) return Set("reset", {1.0});
    return Guarded([&] {
      if (!module_.find_method("reset")) return Failure("the model has no reset");
      module_.run_method("reset");
      return Failure();
    });
  }

  // Instruments of this project say in `delay` how late forward and decode are; effects, how late
  // forward and modulate are, or forward alone.
  int DelaySamples(int index) noexcept override {
    std::vector<Atom> delays;
    if (!Knows("delay") || !Get("delay", &delays).empty() || delays.empty()) return 0;
    const std::string& name = methods_[index].name;
    if (name != "forward" && name != "decode" && name != "modulate") return 0;
    const std::size_t place = name == "forward" ? 0 : delays.size() - 1;
    const double* const samples = std::get_if<double>(&delays[place]);
    return samples && std::abs(*samples) < 1e9 ? static_cast<int>(*samples) : 0;
  }

 private:
  // Older files have no get_methods: there, a method is what has parameters.
  std::vector<std::string> MethodNames() {
    if (module_.find_method("get_methods")) return Strings(module_.run_method("get_methods"));
    std::vector<std::string> names;
    for (const torch::jit::Method& method : module_.get_methods()) {
      if (module_.hasattr(method.name() + "_params")) names.push_back(method.name());
    }
    return names;
  }

  bool Knows(const std::string& name) const {
    return std::find(attributes_.begin(), attributes_.end(), name) != attributes_.end();
  }

  Failure Unknown(const std::string& name) const {
    const std::string known = Join(attributes_);
    return "the model has no attribute " + name + (known.empty() ? "" : ", but " + known);
  }

  // What a function returns, or why it threw.
  template <typename Function>
  static Failure Guarded(Function function) noexcept {
    try {
      const c10::InferenceMode no_gradients;
      return function();
    } catch (const std::exception& error) {
      return OneLine(error);
    } catch (...) {
      return "fails for an unknown reason";
    }
  }

  torch::jit::Module module_;
  std::vector<Method> methods_;
  std::vector<std::string> attributes_;
  int sample_rate_hz_ = 0;
  std::vector<int> host_rates_hz_;
};

// Why a model cannot sound, though it can be loaded: bits of its weights are not what they were.
// A mask may hold infinite values.
Failure CheckWeights(const torch::jit::Module& module) {
  const auto is_sound = [](const at::Tensor& tensor, bool may_be_infinite) {
    if (!tensor.is_floating_point() && !tensor.is_complex()) return true;
    return (may_be_infinite ? tensor.isnan().logical_not() : tensor.isfinite()).all().item<bool>();
  };
  const std::string damage = " holds values that are no numbers: the file is damaged, export it again";
  for (const auto& weight : module.named_parameters()) {
    if (!is_sound(weight.value, false)) return Printable(weight.name) + damage;
  }
  for (const auto& buffer : module.named_buffers()) {
    if (!is_sound(buffer.value, true)) return Printable(buffer.name) + damage;
  }
  return "";
}

// What a model prints goes nowhere but for the first lines: it may print a hundred times a second.
void PrintFirstLines(const std::string& text) {
  static std::atomic<int> lines{10};
  if (lines <= 0 || lines-- <= 0) return;
  std::fprintf(stderr, "%s\n", Printable(text.substr(0, text.find_last_not_of('\n') + 1)).c_str());
}

}  // namespace

void PrepareTorch() {
  BoundMemory();
  torch::jit::setPrintHandler(PrintFirstLines);
  // One thread a model: the worker is the thread, and helpers would have to be waited for.
  at::set_num_threads(1);
}

// Every method is tried out on a copy whose state is thrown away, until TorchScript has compiled it.
Loaded LoadByTorch(const LoadJob& job) {
  Loaded loaded;
  try {
    const c10::InferenceMode no_gradients;
    torch::jit::Module module = torch::jit::load(job.path, at::kCPU);
    module.eval();
    loaded.failure = CheckWeights(module);
    if (!loaded.failure.empty()) return loaded;
    // The copy has its own tensors but shares the code, and thereby what is compiled of it.
    TorchInstrument tried(module.deepcopy());
    if (tried.methods().empty()) {
      loaded.failure = "has no methods to play: export it with script.py, or for nn~";
      return loaded;
    }
    if (Granularity(tried) == 0) {
      loaded.failure = "the ratios of its methods have no common multiple below 65536";
      return loaded;
    }
    tried.TryOut(job);
    loaded.instrument = std::make_shared<TorchInstrument>(tried, std::move(module));
  } catch (const std::exception& error) {
    loaded.failure = "cannot be loaded (" + OneLine(error) + ")";
  } catch (...) {
    loaded.failure = "cannot be loaded for an unknown reason";
  }
  return loaded;
}

}  // namespace vschaos
