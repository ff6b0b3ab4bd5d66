#include "families/vae_parts.h"

#include "base/refused.h"

namespace engine {

std::unique_ptr<FrameEncoder> ReadEncoder(const ModelFile& file, int features, int beside,
                                          int latent_dim) {
  const std::string& kind = file.settings().At("encoder").Text();
  if (kind == "DenseEncoder") {
    const int linear = file.Has("encoder.linear.weight") ? latent_dim : 0;
    return ReadDenseEncoder(file, features + beside, linear);
  }
  if (kind == "ConvEncoder") return ReadConvEncoder(file, features, beside);
  if (kind == "HarmonicEncoder") return ReadHarmonicEncoder(file, features, beside, latent_dim);
  throw Refused("has the encoder " + kind + ", which the small engine does not know");
}

std::unique_ptr<FrameDecoder> ReadDecoder(const ModelFile& file, int inputs, int features,
                                          int outputs) {
  const std::string& kind = file.settings().At("decoder").Text();
  if (kind == "DenseDecoder") return ReadDenseDecoder(file, inputs, features, outputs);
  if (kind == "ConvDecoder") return ReadConvDecoder(file, inputs, features, outputs);
  if (kind == "HarmonicDecoder") return ReadHarmonicDecoder(file, inputs, features);
  throw Refused("has the decoder " + kind + ", which the small engine does not know");
}

}  // namespace engine
