// What a decoder remembers of the frames before: see vschaos2/nets/recurrent.py, causal_conv.py.

#ifndef VSCHAOS_ENGINE_FAMILIES_VAE_MEMORY_H_
#define VSCHAOS_ENGINE_FAMILIES_VAE_MEMORY_H_

#include <vector>

#include "base/floats.h"
#include "file/model_file.h"
#include "nn/dilated.h"
#include "nn/layers.h"
#include "nn/linear.h"
#include "nn/recurrent.h"

namespace engine {

class VaeMemory {
 public:
  // What one voice of one method has heard.
  struct Past {
    Recurrent::Memory units;
    std::vector<Dilated::Past> frames;
  };

  // A memory of so many numbers a frame; does nothing for a file without one.
  void Read(const ModelFile& file, int inputs);
  // Numbers of its summary; 0: there is none.
  int width() const { return width_; }

  Past Begun() const;
  void Forget(Past* past) const;
  // The next frame [inputs] → the summary of it and those before [width].
  void Step(const float* frame, Past* past, float* summary);

 private:
  struct Layer {
    LayerNorm norm;
    Dilated taps;
  };

  void ReadConvolutions(const ModelFile& file, const Json& memory, int inputs);

  int width_ = 0;
  bool is_recurrent_ = false;
  Recurrent units_;
  Linear input_;
  std::vector<Layer> layers_;
  Rows heard_, made_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FAMILIES_VAE_MEMORY_H_
