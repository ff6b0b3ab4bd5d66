#include "families/layers_of_file.h"

#include <initializer_list>

#include "base/refused.h"

namespace engine {

namespace {

constexpr int kWidest = 65536;

}  // namespace

Linear ReadLinear(const ModelFile& file, const std::string& name, int inputs, int outputs) {
  const std::string weight = name + ".weight";
  const bool is_convolution = file.Find(weight).shape.size() == 3;
  const float* const weights = is_convolution ? file.Find(weight, {outputs, inputs, 1})
                                              : file.Find(weight, {outputs, inputs});
  Linear layer(inputs, outputs);
  layer.Place(weights, true, 0, inputs, 0, outputs);
  layer.AddBias(file.Find(name + ".bias", {outputs}), 0, outputs);
  return layer;
}

Linear ReadWideLinear(const ModelFile& file, const std::string& name, int inputs, int outputs) {
  Linear layer(inputs, outputs);
  layer.Place(file.Find(name + ".weight", {inputs, outputs}), false, 0, inputs, 0, outputs);
  layer.AddBias(file.Find(name + ".bias", {outputs}), 0, outputs);
  return layer;
}

LayerNorm ReadNorm(const ModelFile& file, const std::string& name, int width) {
  LayerNorm norm;
  norm.Make(file.Find(name + ".weight", {width}), file.Find(name + ".bias", {width}), width);
  return norm;
}

int WidthOf(const ModelFile& file, const std::string& name, std::size_t axis) {
  const Tensor tensor = file.Find(name);
  if (tensor.shape.size() != 2 || tensor.shape[axis] < 1 || tensor.shape[axis] > kWidest) {
    throw Refused(name + " is no matrix of a layer: export the file again");
  }
  return tensor.shape[axis];
}

void ReadRecurrent(const ModelFile& file, const std::string& name, Recurrent::Kind kind, int inputs,
                   int hidden, int layers, Recurrent* made) {
  made->Make(kind, inputs, hidden, layers);
  for (int layer = 0; layer < layers; ++layer) {
    const auto find = [&](const char* of, std::initializer_list<int> shape) {
      return file.Find(name + "." + of + "_l" + std::to_string(layer), shape);
    };
    const int rows = made->gates() * hidden;
    made->Place(layer, find("weight_ih", {rows, made->inputs(layer)}),
                find("weight_hh", {rows, hidden}), find("bias_ih", {rows}),
                find("bias_hh", {rows}));
  }
}

}  // namespace engine
