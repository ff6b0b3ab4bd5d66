#include "core/parameters.h"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/refused.h"
#include "file/json.h"

namespace vschaos {

namespace {

using engine::Json;
using engine::Refused;

// A plug-in's file ends with the model, then this text, then how long both are and eight letters.
constexpr char kMark[] = "vschaos2";
constexpr std::size_t kMarkBytes = 8, kTailBytes = 24;
constexpr int kMostParameters = 1000;

// Who puts a model into a plug-in writes over the dashes how many parameters it has: known, too, if
// the file's end is lost. Volatile: no compiler may know it.
const volatile char kOfAModel[] = "vschaos2 parameters: ----";
constexpr int kDashes = 4;
constexpr int kGenericAxes = 16, kGenericLabels = 4, kGenericKnobs = 12;

constexpr std::pair<const char*, Parameter::Target> kTargets[] = {
    {"axis", Parameter::Target::kAxis},       {"label", Parameter::Target::kLabel},
    {"control", Parameter::Target::kControl}, {"voices", Parameter::Target::kVoices},
    {"attack", Parameter::Target::kAttack},   {"release", Parameter::Target::kRelease},
    {"drone", Parameter::Target::kDrone},     {"by_itself", Parameter::Target::kByItself},
    {"mix", Parameter::Target::kMix},
};
constexpr std::pair<const char*, Parameter::Kind> kKinds[] = {
    {"number", Parameter::Kind::kNumber},
    {"integer", Parameter::Kind::kInteger},
    {"switch", Parameter::Kind::kSwitch},
    {"choice", Parameter::Kind::kChoice},
};

template <typename Value, std::size_t count>
Value Named(const std::pair<const char*, Value> (&known)[count], const std::string& name) {
  for (const auto& each : known) {
    if (name == each.first) return each.second;
  }
  throw Refused("speaks of " + name + ", which this plug-in does not know");
}

float Number(const Json& row, const char* key) { return static_cast<float>(row.At(key).Number()); }

Parameter ReadParameter(const Json& row) {
  Parameter read;
  read.name = row.At("name").Text();
  read.symbol = row.At("symbol").Text();
  read.unit = row.At("unit").Text();
  read.kind = Named(kKinds, row.At("kind").Text());
  read.target = Named(kTargets, row.At("target").Text());
  if (read.target == Parameter::Target::kControl) read.control = row.At("control").Text();
  if (const Json* index = row.Find("index")) read.index = index->Whole("index", 0, 1000);
  read.lowest = Number(row, "lowest");
  read.highest = Number(row, "highest");
  read.value = Number(row, "value");
  read.is_exponential = row.At("is_exponential").Truth();
  for (const Json& choice : row.At("choices").Items()) read.choices.push_back(choice.Text());
  if (!(read.lowest < read.highest && read.value >= read.lowest && read.value <= read.highest)) {
    throw Refused("gives " + read.name + " a range that is none");
  }
  return read;
}

// The parameters of the model that was put in; -1: none was.
int CountOfAModel() {
  int count = 0;
  const volatile char* const digits = kOfAModel + sizeof(kOfAModel) - 1 - kDashes;
  for (int i = 0; i < kDashes; ++i) {
    if (digits[i] < '0' || digits[i] > '9') return -1;
    count = 10 * count + (digits[i] - '0');
  }
  return count;
}

About ReadTail(std::ifstream& file) {
  file.seekg(0, std::ios::end);
  const auto size = static_cast<std::uint64_t>(file.tellg());
  std::uint8_t tail[kTailBytes] = {};
  if (size < kTailBytes) return {};
  file.seekg(static_cast<std::streamoff>(size - kTailBytes));
  file.read(reinterpret_cast<char*>(tail), kTailBytes);
  if (std::memcmp(tail + kTailBytes - kMarkBytes, kMark, kMarkBytes) != 0) return {};
  std::uint64_t bytes[2] = {};
  for (int i = 0; i < 16; ++i) bytes[i / 8] |= std::uint64_t(tail[i]) << (8 * (i % 8));
  const std::uint64_t room = size - kTailBytes;
  if (bytes[0] > room || bytes[1] > room - bytes[0]) throw Refused("was cut short");

  About about;
  about.model.resize(bytes[0]);
  std::string text(bytes[1], '\0');
  file.seekg(static_cast<std::streamoff>(room - bytes[0] - bytes[1]));
  file.read(reinterpret_cast<char*>(about.model.data()), static_cast<std::streamsize>(bytes[0]));
  file.read(text.data(), static_cast<std::streamsize>(bytes[1]));
  if (!file) throw Refused("cannot be read to its end");
  const Json json = Json::Parse(text);
  about.name = json.At("name").Text();
  for (const Json& row : json.At("parameters").Items()) {
    about.parameters.push_back(ReadParameter(row));
  }
  if (about.parameters.size() > kMostParameters) throw Refused("has more parameters than hosts show");
  for (const Json& place : json.At("places").Items()) {
    about.places.emplace_back();
    for (const Json& value : place.Items()) {
      about.places.back().push_back(static_cast<float>(value.Number()));
    }
  }
  return about;
}

Parameter Own(const char* name, const char* symbol, const char* unit, Parameter::Target target,
              Parameter::Kind kind, float lowest, float highest, float value) {
  Parameter made;
  made.name = name;
  made.symbol = symbol;
  made.unit = unit;
  made.target = target;
  made.kind = kind;
  made.lowest = lowest;
  made.highest = highest;
  made.value = value;
  made.is_exponential = made.unit == "ms";
  return made;
}

Parameter Numbered(const char* name, int index, Parameter::Target target, Parameter::Kind kind,
                   float lowest, float highest, float value) {
  const std::string number = std::to_string(index + 1);
  Parameter made = Own("", "", "", target, kind, lowest, highest, value);
  made.name = std::string(name) + " " + number;
  made.symbol = std::string(name) + "_" + number;
  made.index = index;
  return made;
}

}  // namespace

// For any instrument or effect. Its knobs say 0 to 1 of the model's own ends.
static About Generic(bool is_instrument) {
  using Kind = Parameter::Kind;
  using Target = Parameter::Target;
  About about;
  auto& list = about.parameters;
  about.name = is_instrument ? "vschaos instrument" : "vschaos effect";
  if (is_instrument) {
    list.push_back(Own("voices", "voices", "", Target::kVoices, Kind::kInteger, 1, 16, 4));
    list.push_back(Own("attack", "attack", "ms", Target::kAttack, Kind::kNumber, 1, 2000, 10));
    list.push_back(Own("release", "release", "ms", Target::kRelease, Kind::kNumber, 5, 5000, 250));
    list.push_back(Own("drone", "drone", "", Target::kDrone, Kind::kSwitch, 0, 1, 0));
    list.push_back(Own("by itself", "by_itself", "", Target::kByItself, Kind::kSwitch, 0, 1, 0));
    for (int i = 0; i < kGenericAxes; ++i) {
      list.push_back(Numbered("axis", i, Target::kAxis, Kind::kNumber, -4, 4, 0));
    }
  } else {
    list.push_back(Own("mix", "mix", "", Target::kMix, Kind::kNumber, 0, 1, 1));
    for (int i = 0; i < kGenericKnobs; ++i) {
      list.push_back(Numbered("knob", i, Target::kKnob, Kind::kNumber, 0, 1, 0.5f));
    }
  }
  for (int i = 0; i < kGenericLabels; ++i) {
    list.push_back(Numbered("label", i, Target::kLabel, Kind::kInteger, -1, 127, -1));
  }
  return about;
}

// Where the model is lost: as many parameters as hosts were told of, so that the status is in its
// place.
static About Lost(bool is_instrument, int count) {
  About about;
  about.name = Generic(is_instrument).name;
  about.is_lost = true;
  for (int i = 0; i < count; ++i) {
    about.parameters.push_back(
        Numbered("lost", i, Parameter::Target::kMix, Parameter::Kind::kNumber, 0, 1, 0));
  }
  return about;
}

About ReadAbout(const std::string& own_path, bool is_instrument) {
  const int count = CountOfAModel();
  try {
    std::ifstream file(own_path, std::ios::binary);
    About about;
    if (file) about = ReadTail(file);
    if (!about.name.empty()) return about;
    if (count >= 0) throw Refused("carries its model no more");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s: build it again from its model\n", own_path.c_str(), error.what());
  }
  return count >= 0 ? Lost(is_instrument, count) : Generic(is_instrument);
}

}  // namespace vschaos
