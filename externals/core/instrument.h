// What the host asks of a model, whoever runs it: methods on blocks, and attributes by name.

#ifndef VSCHAOS_CORE_INSTRUMENT_H_
#define VSCHAOS_CORE_INSTRUMENT_H_

#include <cstdint>
#include <numeric>
#include <string>
#include <variant>
#include <vector>

namespace vschaos {

// A number or a word of a message.
using Atom = std::variant<double, std::string>;

// Why something was not done, in one line; empty: it was done.
using Failure = std::string;

// One way to play a model.
struct Method {
  std::string name;
  int in_channels = 1;
  int in_ratio = 1;  // samples per input value
  int out_channels = 1;
  int out_ratio = 1;  // samples per output value
  std::vector<std::string> input_labels;
  std::vector<std::string> output_labels;
  Failure failure;  // why this method cannot be played
};

// What a method plays at once: several voices, each with rows of its own, which follow each other.
// A voice may have more rows than the method has channels; the method takes the first of them.
struct Ports {
  int inlets = 1;   // of each voice
  int outlets = 1;  // of each voice
  int voices = 1;

  int in_rows() const { return voices * inlets; }
  int out_rows() const { return voices * outlets; }
};

// A loaded model. What it says of itself never changes; Process, Set, Get and Reset are called by
// one thread at a time and throw nothing.
class Instrument {
 public:
  virtual ~Instrument() = default;

  virtual const std::vector<Method>& methods() const = 0;
  virtual const std::vector<std::string>& attributes() const = 0;

  // What the model is made for; 0: it does not say.
  virtual int sample_rate_hz() const = 0;

  // Who plays it: a word for the console.
  virtual const char* player() const = 0;

  // The rates that its attribute sample_rate takes; empty: it has none.
  virtual std::vector<int> host_rates_hz() const { return {}; }

  // Runs a method on a block of all voices. `in` and `out` hold the rows of `ports`, of `frames`
  // samples each; `frames` is a multiple of every ratio of the model. Rows of `out` beyond the
  // method's channels are left as they are.
  virtual Failure Process(int method, const Ports& ports, const float* in, float* out,
                          int frames) noexcept = 0;

  virtual Failure Set(const std::string& name, const std::vector<Atom>& values) noexcept = 0;
  virtual Failure Get(const std::string& name, std::vector<Atom>* values) noexcept = 0;

  // Forgets all that was heard; settings stay.
  virtual Failure Reset() noexcept = 0;

  // Samples that a method is late by itself; 0: it does not say.
  virtual int DelaySamples(int method) noexcept = 0;
};

// The index of the method of this name, or -1.
inline int FindMethod(const Instrument& instrument, const std::string& name) {
  for (std::size_t i = 0; i < instrument.methods().size(); ++i) {
    if (instrument.methods()[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

// The shortest chunk that holds whole values of every method, in samples; 0: there is none of a
// reasonable length.
inline int Granularity(const Instrument& instrument) {
  constexpr std::int64_t kLongest = 1 << 16;
  std::int64_t grain = 1;
  for (const Method& method : instrument.methods()) {
    const std::int64_t ratio = std::lcm(method.in_ratio, std::int64_t(method.out_ratio));
    grain = std::lcm(grain, ratio);
    if (grain > kLongest) return 0;
  }
  return static_cast<int>(grain);
}

inline std::vector<std::string> MethodNames(const Instrument& instrument) {
  std::vector<std::string> names;
  for (const Method& method : instrument.methods()) names.push_back(method.name);
  return names;
}

// "forward, encode, decode".
inline std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace vschaos

#endif  // VSCHAOS_CORE_INSTRUMENT_H_
