// What opens models: either libtorch (torch_instrument.cc) or the small engine
// (engine_instrument.cc), whichever this external is linked with.

#ifndef VSCHAOS_MODEL_MODELS_H_
#define VSCHAOS_MODEL_MODELS_H_

#include <string>

#include "core/host.h"
#include "core/loader.h"

namespace vschaos {

// Settings that hold for the whole process. To be called once.
void PrepareModels();

// Loads a file. What is returned is as it was saved, and has nothing left to compile or to allocate
// when it plays chunks as large as the job's.
Loaded LoadInstrument(const LoadJob& job);

// The ports of a method, read from what a file says of itself. Reads no weights and no code.
bool PeekPorts(const std::string& path, const std::string& method, Ports* ports);

}  // namespace vschaos

#endif  // VSCHAOS_MODEL_MODELS_H_
