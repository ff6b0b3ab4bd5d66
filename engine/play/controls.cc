#include "play/controls.h"

#include <algorithm>

#include "base/refused.h"

namespace engine {

namespace {

constexpr std::size_t kMostControls = 1000;

Control::Kind KindOf(const std::string& name) {
  if (name == "number") return Control::Kind::kNumber;
  if (name == "integer") return Control::Kind::kInteger;
  if (name == "choice") return Control::Kind::kChoice;
  if (name == "switch") return Control::Kind::kSwitch;
  if (name == "event") return Control::Kind::kEvent;
  if (name == "reading") return Control::Kind::kReading;
  throw Refused("has a control of the kind " + name + ", which the small engine does not know");
}

}  // namespace

bool Control::Take(double number, double* taken) const {
  *taken = number;
  switch (kind) {
    case Kind::kNumber:
      return number >= lowest && number <= highest;  // nor NaN
    case Kind::kInteger:
      return std::find(integers.begin(), integers.end(), number) != integers.end();
    case Kind::kSwitch:
      *taken = number != 0.0 ? 1.0 : 0.0;
      return true;
    case Kind::kEvent:
      *taken = 1.0;
      return true;
    case Kind::kChoice:
    case Kind::kReading:
      return false;
  }
  return false;
}

bool Control::Take(std::string_view word, double* taken) const {
  const auto place = std::find(choices.begin(), choices.end(), word);
  *taken = static_cast<double>(place - choices.begin());
  return kind == Kind::kChoice && place != choices.end();
}

std::vector<Control> ReadControls(const Json& rows) {
  std::vector<Control> controls;
  if (rows.Items().size() > kMostControls) throw Refused("has more controls than anybody could set");
  for (const Json& row : rows.Items()) {
    Control control;
    control.name = row.At("name").Text();
    control.kind = KindOf(row.At("kind").Text());
    if (const Json* choices = row.Find("choices")) {
      for (const Json& choice : choices->Items()) {
        if (control.kind == Control::Kind::kChoice) control.choices.push_back(choice.Text());
        if (control.kind == Control::Kind::kInteger) control.integers.push_back(choice.Number());
      }
    }
    if (control.kind == Control::Kind::kNumber) {
      control.lowest = row.At("lowest").Number();
      control.highest = row.At("highest").Number();
    }
    const Json& value = row.At("value");
    bool is_right = true;
    if (control.kind == Control::Kind::kChoice) {
      is_right = control.Take(value.Text(), &control.value);
    } else if (control.kind == Control::Kind::kSwitch) {
      control.value = value.Truth();
    } else if (control.kind == Control::Kind::kNumber || control.kind == Control::Kind::kInteger) {
      is_right = control.Take(value.Number(), &control.value);
    }
    if (!is_right) throw Refused("begins with a " + control.name + " that it does not take");
    controls.push_back(std::move(control));
  }
  return controls;
}

}  // namespace engine
