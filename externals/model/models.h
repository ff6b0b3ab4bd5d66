// What opens models: the small engine (engine_instrument.cc), which plays what script.py writes, and,
// where this external is linked with it, libtorch (torch_instrument.cc), which plays any.

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

// The same by either player; the file has been looked at.
Loaded LoadByEngine(const LoadJob& job);
bool PeekByEngine(const std::string& path, const std::string& method, Ports* ports);
void PrepareTorch();
Loaded LoadByTorch(const LoadJob& job);
bool PeekByTorch(const std::string& path, const std::string& method, Ports* ports);

}  // namespace vschaos

#endif  // VSCHAOS_MODEL_MODELS_H_
