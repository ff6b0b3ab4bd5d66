// Whether this processor has what the engine was built for. Built for any, and so to be asked first.

#ifndef VSCHAOS_ENGINE_BASE_PROCESSOR_H_
#define VSCHAOS_ENGINE_BASE_PROCESSOR_H_

namespace engine {

// What is missing, as a reason not to play; nullptr: nothing.
const char* MissingOfProcessor();

}  // namespace engine

#endif  // VSCHAOS_ENGINE_BASE_PROCESSOR_H_
