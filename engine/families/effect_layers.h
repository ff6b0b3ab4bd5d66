// Layers of effects from a file, by the names of their tensors.

#ifndef VSCHAOS_ENGINE_FAMILIES_EFFECT_LAYERS_H_
#define VSCHAOS_ENGINE_FAMILIES_EFFECT_LAYERS_H_

#include <string>
#include <vector>

#include "file/model_file.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

namespace engine {

// a + part (b - a), from the nearer end, as torch has it.
inline float Between(float a, float b, float part) {
  return part < 0.5f ? a + part * (b - a) : b - (b - a) * (1.0f - part);
}

// NAME.weight [outputs, inputs], or [outputs, inputs, 1] of a convolution, and NAME.bias [outputs].
// Throws Refused, as what follows does.
inline Linear ReadLinear(const ModelFile& file, const std::string& name, int inputs, int outputs) {
  std::vector<int> shape = {outputs, inputs};
  if (file.Find(name + ".weight").shape.size() == 3) shape.push_back(1);
  Linear layer(inputs, outputs);
  layer.Place(file.Find(name + ".weight", shape), true, 0, inputs, 0, outputs);
  layer.AddBias(file.Find(name + ".bias", {outputs}), 0, outputs);
  return layer;
}

// NAME.weight_ih_l0 and so on.
inline void ReadRecurrent(const ModelFile& file, const std::string& name, Recurrent::Kind kind,
                          int inputs, int hidden, int layers, Recurrent* made) {
  made->Make(kind, inputs, hidden, layers);
  for (int layer = 0; layer < layers; ++layer) {
    const auto find = [&](const char* of, const std::vector<int>& shape) {
      return file.Find(name + "." + of + "_l" + std::to_string(layer), shape);
    };
    const int rows = made->gates() * hidden;
    made->Place(layer, find("weight_ih", {rows, made->inputs(layer)}),
                find("weight_hh", {rows, hidden}), find("bias_ih", {rows}),
                find("bias_hh", {rows}));
  }
}

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_EFFECT_LAYERS_H_
