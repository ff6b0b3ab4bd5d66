#include "play/controls.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "base/refused.h"

namespace engine {

namespace {

constexpr std::size_t kMostControls = 1000, kLongestNumber = 40;
constexpr double kTextLimit = 1e6;  // of a number that a text means

// A number as labels/inlets.py reads it: digits with one point and a sign at most, else NaN.
double NumberOf(std::string_view text) {
  std::size_t digits = 0, points = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_sign = i == 0 && (text[i] == '-' || text[i] == '+');
    if (text[i] >= '0' && text[i] <= '9') {
      ++digits;
    } else if (text[i] == '.') {
      ++points;
    } else if (!is_sign) {
      return std::nan("");
    }
  }
  if (digits == 0 || points > 1 || text.size() > kLongestNumber) return std::nan("");
  return std::strtod(std::string(text).c_str(), nullptr);
}

Control::Kind KindOf(const std::string& name) {
  if (name == "number") return Control::Kind::kNumber;
  if (name == "integer") return Control::Kind::kInteger;
  if (name == "choice") return Control::Kind::kChoice;
  if (name == "switch") return Control::Kind::kSwitch;
  if (name == "event") return Control::Kind::kEvent;
  if (name == "reading") return Control::Kind::kReading;
  if (name == "text") return Control::Kind::kText;
  throw Refused("has a control of the kind " + name + ", which the small engine does not know");
}

}  // namespace

const std::string& Control::word() const {
  if (!choices.empty()) return choices[static_cast<std::size_t>(value)];
  char text[32];
  for (int digits = 1; digits <= 17; ++digits) {  // as few as mean it
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  return shown_ = text;
}

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
    case Kind::kText:
      if (choices.empty()) return std::fabs(number) <= kTextLimit;
      // A name that is this number comes before the place that it counts.
      for (std::size_t i = 0; i < choices.size(); ++i) {
        if (NumberOf(choices[i]) == number) {
          *taken = static_cast<double>(i);
          return true;
        }
      }
      *taken = std::nearbyint(number);
      return *taken >= 0.0 && *taken < static_cast<double>(choices.size());
    case Kind::kChoice:
    case Kind::kReading:
      return false;
  }
  return false;
}

bool Control::Take(std::string_view word, double* taken) const {
  const auto place = std::find(choices.begin(), choices.end(), word);
  *taken = static_cast<double>(place - choices.begin());
  if (place != choices.end()) return is_word();
  return kind == Kind::kText && Take(NumberOf(word), taken);
}

std::vector<Control> ReadControls(const Json& rows) {
  std::vector<Control> controls;
  if (rows.Items().size() > kMostControls) Refuse("has more controls than anybody could set");
  for (const Json& row : rows.Items()) {
    Control control;
    control.name = row.At("name").Text();
    control.kind = KindOf(row.At("kind").Text());
    if (const Json* choices = row.Find("choices")) {
      for (const Json& choice : choices->Items()) {
        if (control.is_word()) control.choices.push_back(choice.Text());
        if (control.kind == Control::Kind::kInteger) control.integers.push_back(choice.Number());
      }
    }
    if (control.kind == Control::Kind::kNumber) {
      control.lowest = row.At("lowest").Number();
      control.highest = row.At("highest").Number();
    }
    const Json& value = row.At("value");
    bool is_right = true;
    if (control.is_word()) {
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
