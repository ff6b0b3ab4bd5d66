// Layers from a file, by the names of their tensors.

#ifndef VSCHAOS_ENGINE_FAMILIES_LAYERS_OF_FILE_H_
#define VSCHAOS_ENGINE_FAMILIES_LAYERS_OF_FILE_H_

#include <string>

#include "file/model_file.h"
#include "nn/layers.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

namespace engine {

// a + part (b - a), from the nearer end, as torch has it.
inline float Between(float a, float b, float part) {
  return part < 0.5f ? a + part * (b - a) : b - (b - a) * (1.0f - part);
}

// NAME.weight [outputs, inputs], or [outputs, inputs, 1] of a convolution, and NAME.bias [outputs].
// Throws Refused, as what follows does.
Linear ReadLinear(const ModelFile& file, const std::string& name, int inputs, int outputs);

// The same of a layer that keeps its weight as [inputs, outputs].
Linear ReadWideLinear(const ModelFile& file, const std::string& name, int inputs, int outputs);

LayerNorm ReadNorm(const ModelFile& file, const std::string& name, int width);

// The size of an axis of a layer's matrix.
int WidthOf(const ModelFile& file, const std::string& name, std::size_t axis);

// NAME.weight_ih_l0 and so on.
void ReadRecurrent(const ModelFile& file, const std::string& name, Recurrent::Kind kind, int inputs,
                   int hidden, int layers, Recurrent* made);

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_LAYERS_OF_FILE_H_
