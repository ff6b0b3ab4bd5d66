#include "families/vae_memory.h"

#include <cstring>
#include <string>

#include "base/refused.h"
#include "families/layers_of_file.h"

namespace engine {

namespace {

constexpr int kWidest = 65536, kMostLayers = 64, kLargestKernel = 64;
constexpr std::int64_t kMostKept = 1 << 24;  // floats of a past

}  // namespace

ENGINE_ONCE void VaeMemory::Read(const ModelFile& file, int inputs) {
  const Json* const memory = file.settings().Find("memory");
  if (!memory) return;
  const std::string& type = memory->At("type").Text();
  width_ = memory->At("hidden_dims").Whole("hidden_dims", 1, kWidest);
  is_recurrent_ = type == "GRU";
  if (is_recurrent_) {
    const int layers = memory->At("layers").Whole("layers", 1, kMostLayers);
    ReadRecurrent(file, "memory", Recurrent::Kind::kGru, inputs, width_, layers, &units_);
  } else if (type == "CausalConv") {
    ReadConvolutions(file, *memory, inputs);
  } else {
    throw Refused("has a memory " + type + ", which the small engine does not know");
  }
}

ENGINE_ONCE void VaeMemory::ReadConvolutions(const ModelFile& file, const Json& memory,
                                             int inputs) {
  const int kernel = memory.At("kernel_size").Whole("kernel_size", 2, kLargestKernel);
  const int count = memory.At("layers").Whole("layers", 1, kMostLayers);
  input_ = ReadLinear(file, "memory.input", inputs, width_);
  std::int64_t dilation = 1;
  for (int i = 0; i < count; ++i, dilation *= kernel) {
    if (dilation * kernel * width_ > kMostKept) Refuse("remembers more than anybody can");
    const std::string name = "memory.layer" + std::to_string(i);
    Layer layer;
    layer.norm = ReadNorm(file, name + ".norm", width_);
    layer.taps.Make(width_, width_, kernel, static_cast<int>(dilation), 1);
    // Frames of a kernel lie one behind the other there, and the numbers of a frame here.
    const float* const of = file.Find(name + ".taps.weight", {width_, kernel * width_});
    Floats turned(std::size_t(width_) * kernel * width_);
    for (int out = 0; out < width_; ++out) {
      for (int tap = 0; tap < kernel; ++tap) {
        for (int in = 0; in < width_; ++in) {
          turned[(std::size_t(out) * width_ + in) * kernel + tap] =
              of[(std::size_t(out) * kernel + tap) * width_ + in];
        }
      }
    }
    layer.taps.Place(turned.data(), file.Find(name + ".taps.bias", {width_}));
    layers_.push_back(std::move(layer));
  }
  heard_.Make(1, RoundUp(width_, Linear::kPadding));
  made_.Make(1, RoundUp(width_, Linear::kPadding));
}

VaeMemory::Past VaeMemory::Begun() const {
  Past past;
  if (is_recurrent_) past.units = units_.Begun();
  for (const Layer& layer : layers_) past.frames.push_back(layer.taps.Begun());
  return past;
}

void VaeMemory::Forget(Past* past) const {
  Recurrent::Forget(&past->units);
  for (Dilated::Past& frames : past->frames) Dilated::Forget(&frames);
}

void VaeMemory::Step(const float* frame, Past* past, float* summary) {
  if (is_recurrent_) {
    std::memcpy(summary, units_.Step(frame, &past->units), width_ * sizeof(float));
    return;
  }
  input_(frame, 0, heard_[0], 0, 1);
  std::memcpy(summary, heard_[0], width_ * sizeof(float));
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    layers_[i].norm(summary, heard_[0]);
    layers_[i].taps(heard_, 1, &made_, &past->frames[i]);
    Silu(made_[0], width_);
    for (int k = 0; k < width_; ++k) summary[k] += made_[0][k];
  }
}

}  // namespace engine
