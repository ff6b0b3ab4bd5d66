// A model that plays in the blocks of a host, whatever they are, and at its rate.

#ifndef VSCHAOS_PLUGINS_CORE_STREAM_H_
#define VSCHAOS_PLUGINS_CORE_STREAM_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "core/model.h"
#include "core/parameters.h"

namespace vschaos {

// A message of MIDI at a frame of the block that is played.
struct Message {
  std::uint32_t frame;
  std::uint8_t bytes[3];
};

// Made off the audio thread; then used by one thread at a time, without waiting or allocating.
class Stream {
 public:
  virtual ~Stream() = default;

  // Frames from what comes in to what goes out.
  virtual int latency() const = 0;
  // Forgets what was heard.
  virtual void Reset() = 0;
  virtual void Set(const Parameter& parameter, float value) = 0;
  // Two channels in, where it hears any, and out; they may be the same.
  virtual void Run(const float* const* in, float* const* out, int frames, const Message* messages,
                   int count) = 0;
};

// Both throw Refused, or std::bad_alloc. `values`: of the parameters, in their order.
std::unique_ptr<Stream> MakeEffect(const engine::ModelFile& file, const About& about,
                                   const std::vector<float>& values, int host_rate_hz);
std::unique_ptr<Stream> MakeInstrument(const engine::ModelFile& file, const About& about,
                                       const std::vector<float>& values, int host_rate_hz);

}  // namespace vschaos

#endif  // VSCHAOS_PLUGINS_CORE_STREAM_H_
