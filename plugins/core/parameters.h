// What a plug-in shows to its host: a name, parameters and what they set, and places of typical
// sounds. It comes from what lies behind the plug-in's own code, or is one of any model.

#ifndef VSCHAOS_PLUGINS_CORE_PARAMETERS_H_
#define VSCHAOS_PLUGINS_CORE_PARAMETERS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace vschaos {

struct Parameter {
  enum class Kind { kNumber, kInteger, kSwitch, kChoice };
  // What a value goes to: a latent axis, a label, a control of the model by its name, one of the
  // model's controls by its place, or the plug-in itself.
  enum class Target { kAxis, kLabel, kControl, kKnob, kVoices, kAttack, kRelease, kDrone, kByItself, kMix };

  std::string name, symbol, unit;
  std::string control;  // of kControl
  int index = 0;        // of kAxis, kLabel and kKnob
  Kind kind = Kind::kNumber;
  Target target = Target::kAxis;
  float lowest = 0.0f, highest = 1.0f, value = 0.0f;
  bool is_exponential = false;
  std::vector<std::string> choices;  // the lowest value's name, and so on by one
};

struct About {
  std::string name;
  std::vector<Parameter> parameters;
  std::vector<std::vector<float>> places;  // coordinates of the axes
  std::vector<std::uint8_t> model;         // NAME.ts; empty: it is chosen by its path
  bool is_lost = false;                    // there was a model, which cannot be read any more

  bool has_model() const { return !model.empty(); }
};

// What lies behind the code of the file that this code was loaded from; with nothing there, what
// fits any instrument, or any effect. Never throws: what is damaged is told on the terminal.
About ReadAbout(const std::string& own_path, bool is_instrument);

}  // namespace vschaos

#endif  // VSCHAOS_PLUGINS_CORE_PARAMETERS_H_
