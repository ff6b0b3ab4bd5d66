// What processors are made from, as a file has it.

#include <cmath>

#include "base/refused.h"
#include "families/chain_processors.h"
#include "families/layers_of_file.h"

namespace engine {

namespace {

using Kind = ProcessorPlan::Kind;
using Band = ProcessorPlan::Band;

constexpr int kMostBands = 16, kLongestHop = 1 << 16, kMostStages = 24, kMostAllPasses = 64;
constexpr int kLongestLine = 1 << 21, kMostTaps = 16384;  // in samples
constexpr int kEchoValues = 6, kRoomValues = 3 + 3 * kRoomLines;

struct Known {
  const char* name;
  Kind kind;
  int values;  // -1: as its bands, paths or parts have them
};
constexpr Known kKnown[] = {
    {"gain", Kind::kGain, 1},
    {"polarity", Kind::kPolarity, 1},
    {"offset", Kind::kOffset, 1},
    {"tanh", Kind::kTanh, 2},
    {"clip", Kind::kClip, 3},
    {"level", Kind::kLevel, 2},
    {"compressor", Kind::kCompressor, -1},
    {"expander", Kind::kExpander, 7},
    {"filter", Kind::kFilter, -1},
    {"phase_shift", Kind::kPhaseShift, 1},
    {"mlp", Kind::kMlp, 0},
    {"siren", Kind::kSiren, 0},
    {"rational", Kind::kRational, 0},
    {"fir", Kind::kFir, 0},
    {"tremolo", Kind::kTremolo, 5},
    {"phaser", Kind::kPhaser, 8},
    {"delayed", Kind::kDelayed, 8},
    {"echo", Kind::kEcho, 4},
    {"room", Kind::kRoom, 3},
    {"space", Kind::kSpace, -1},
};
constexpr struct {
  const char* name;
  Band::Shape shape;
} kShapes[] = {
    {"low_pass", Band::Shape::kLowPass},   {"high_pass", Band::Shape::kHighPass},
    {"peak", Band::Shape::kPeak},          {"low_shelf", Band::Shape::kLowShelf},
    {"high_shelf", Band::Shape::kHighShelf},
};

ENGINE_ONCE Band ReadBand(const Json& row) {
  const std::string& name = row.At("shape").Text();
  for (const auto& known : kShapes) {
    if (name == known.name) {
      return {known.shape, row.At("has_gain").Truth(), row.At("has_q").Truth()};
    }
  }
  throw Refused("has a filter of the shape " + name + ", which the small engine does not know");
}

// Bands of a filter; how many values they take.
int ReadBands(const Json& rows, ProcessorPlan* plan) {
  int values = 0;
  for (const Json& band : rows.Items()) {
    plan->bands.push_back(ReadBand(band));
    values += 1 + plan->bands.back().has_gain + plan->bands.back().has_q;
    if (plan->bands.size() > kMostBands) Refuse("has more filters in series than any");
  }
  if (plan->bands.empty()) Refuse("has a filter of no band: export it again");
  return values;
}

std::shared_ptr<const CurveNet> ReadCurve(const ModelFile& file, const std::string& name,
                                          const char* const layers[3], float swing) {
  const auto curve = std::make_shared<CurveNet>();
  curve->swing = swing;
  curve->first = ReadLinear(file, name + layers[0], 1, CurveNet::kUnits);
  curve->second = ReadLinear(file, name + layers[1], CurveNet::kUnits, CurveNet::kUnits);
  curve->last = ReadLinear(file, name + layers[2], CurveNet::kUnits, 1);
  return curve;
}

constexpr const char* kTanhLayers[] = {".layers.0", ".layers.2", ".layers.4"};
constexpr const char* kSineLayers[] = {".layers.0.linear", ".layers.1.linear", ".layers.2"};

std::vector<float> Numbers(const ModelFile& file, const std::string& name, int count) {
  const float* const from = file.Find(name, {count});
  return std::vector<float>(from, from + count);
}

// A wire, and what a network of sines draws from -1 to 1, fading.
std::vector<float> DrawnTaps(const CurveNet& curve, int count) {
  std::vector<float> taps;
  Floats time(kSubBlock), drawn(kSubBlock);
  Rows spare;
  spare.Make(2 * kSubBlock, Linear::kPadding);
  for (int i = 0; i < count; ++i) {
    const int at = i % kSubBlock;
    if (at == 0) {
      for (int t = 0; t < kSubBlock; ++t) time[t] = float(-1.0 + 2.0 * (i + t) / (count - 1));
      curve(time.data(), drawn.data(), &spare);
    }
    taps.push_back((i == 0 ? 1.0f : 0.0f) + drawn[at] * std::exp(-2.5f * (time[at] + 1.0f)));
  }
  return taps;
}

// (a - z⁻²) / (1 - a z⁻²) for each a.
std::vector<Section> ReadAllPasses(const Json& numbers) {
  std::vector<Section> sections;
  for (const Json& number : numbers.Items()) {
    const double a = number.Number();
    if (!(a > -1.0 && a < 1.0) || sections.size() == kMostAllPasses) {
      Refuse("has all-passes that ring for ever, or more than any: export it again");
    }
    sections.push_back({0.0, a, 1.0, 0.0, 1.0, 0.0, 0.0, a * a - 1.0, a});
  }
  return sections;
}

// Of a space: its parts; how many values they take.
int ReadParts(const Json& row, ProcessorPlan* plan) {
  plan->has_pan = plan->kind == Kind::kSpace && row.At("panned").Truth();
  plan->has_echo = plan->kind == Kind::kEcho || (plan->kind == Kind::kSpace && row.At("echo").Truth());
  plan->has_room = plan->kind == Kind::kRoom || (plan->kind == Kind::kSpace && row.At("room").Truth());
  int values = plan->has_pan;
  if (plan->has_echo) {
    plan->longest = row.At("longest").Whole("longest", 2 * kSubBlock, kLongestLine);
    plan->hop = row.At("hop").Whole("hop", 1, kLongestHop);
    values += kEchoValues + plan->has_room;
  }
  if (plan->has_room) {
    const auto& lengths = row.At("lengths").Items();
    if (lengths.size() != kRoomLines) Refuse("has a room of other lines than six");
    for (int i = 0; i < kRoomLines; ++i) {
      plan->lengths[i] = lengths[i].Whole("lengths", kSubBlock, kLongestLine);
    }
    values += kRoomValues;
  }
  if (plan->kind != Kind::kSpace) return -1;
  plan->outputs = 2;
  plan->has_eq = plan->has_room && row.At("eq").Truth();
  if (plan->has_eq) {
    plan->hop = row.At("hop").Whole("hop", 1, kLongestHop);
    values += ReadBands(row.At("bands"), plan);
  }
  return values;
}

}  // namespace

ProcessorPlan ReadPlan(const ModelFile& file, const Json& row, const std::string& name,
                       double rate_hz, int channels, int values) {
  const std::string& kind = row.At("kind").Text();
  ProcessorPlan plan;
  int due = -2;
  for (const Known& known : kKnown) {
    if (kind != known.name) continue;
    plan.kind = known.kind;
    due = known.values;
  }
  if (due == -2) throw Refused("has a processor " + kind + ", which the small engine does not know");
  plan.rate_hz = rate_hz;
  plan.channels = plan.outputs = channels;
  plan.values = values;
  switch (plan.kind) {
    case Kind::kFilter:
      plan.hop = row.At("hop").Whole("hop", 1, kLongestHop);
      due = ReadBands(row.At("bands"), &plan);
      break;
    case Kind::kCompressor:
      plan.paths = row.At("paths").Whole("paths", 1, 2);
      due = plan.paths == 2 ? 10 : 7;
      break;
    case Kind::kPhaseShift:
      plan.leading = ReadAllPasses(row.At("leading"));
      plan.lagging = ReadAllPasses(row.At("lagging"));
      plan.lagging.push_back({0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0});  // a sample's delay
      break;
    case Kind::kMlp:
      plan.curve = ReadCurve(file, name, kTanhLayers, 0.0f);
      break;
    case Kind::kSiren:
      plan.curve = ReadCurve(file, name + ".curve", kSineLayers, float(row.At("swing").Number()));
      break;
    case Kind::kRational:
      plan.taps = Numbers(file, name + ".above", 7);
      plan.below = Numbers(file, name + ".below", 5);
      break;
    case Kind::kFir: {
      const int count = row.At("taps").Whole("taps", 2, kMostTaps);
      if (!row.At("is_drawn").Truth()) {
        plan.taps = Numbers(file, name + ".taps.taps", count);
        break;
      }
      const float swing = float(row.At("swing").Number());
      plan.taps = DrawnTaps(*ReadCurve(file, name + ".taps.drawn", kSineLayers, swing), count);
      break;
    }
    case Kind::kPhaser:
      plan.stages = row.At("stages").Whole("stages", 1, kMostStages);
      break;
    case Kind::kDelayed:
      plan.longest = row.At("longest").Whole("longest", 8, kLongestLine);
      break;
    case Kind::kEcho:
    case Kind::kRoom:
      ReadParts(row, &plan);
      break;
    case Kind::kSpace:
      due = ReadParts(row, &plan);
      break;
    default:
      break;
  }
  if (values != due) {
    throw Refused("has the processor " + kind + " with " + std::to_string(values) +
                  " values where " + std::to_string(due) + " are due: export it again");
  }
  return plan;
}

}  // namespace engine
