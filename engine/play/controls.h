// What a player can set, by name, as the file lists it: the twin of vschaos2/controls.py.

#ifndef VSCHAOS_ENGINE_PLAY_CONTROLS_H_
#define VSCHAOS_ENGINE_PLAY_CONTROLS_H_

#include <string>
#include <string_view>
#include <vector>

#include "file/json.h"

namespace engine {

struct Control {
  enum class Kind { kNumber, kInteger, kChoice, kSwitch, kEvent, kReading, kText };

  std::string name;
  Kind kind = Kind::kNumber;
  double value = 0.0;  // the index of a choice; of a text, what it means
  double lowest = 0.0, highest = 0.0;
  std::vector<std::string> choices;  // of a text: names that mean their places; none: any number
  std::vector<double> integers;

  // What is chosen, or a text that means what is set; good until the next.
  const std::string& word() const;
  bool is_word() const { return kind == Kind::kChoice || kind == Kind::kText; }
  // What a message means, as a value; false: it is none that this control takes.
  bool Take(double number, double* taken) const;
  bool Take(std::string_view word, double* taken) const;

 private:
  mutable std::string shown_;
};

// Throws Refused for a list that is none.
std::vector<Control> ReadControls(const Json& rows);

}  // namespace engine

#endif  // VSCHAOS_ENGINE_PLAY_CONTROLS_H_
