// What can be told of a model's file before it is opened as one.

#ifndef VSCHAOS_CORE_MODEL_FILE_H_
#define VSCHAOS_CORE_MODEL_FILE_H_

#include <atomic>
#include <string>

#include "core/instrument.h"

namespace vschaos {

// Whether there is something of this name, and, in `failure`, why it is no file to be read: a
// folder, a device, a FIFO, which would keep waiting whoever opens it. Waits for nothing.
bool Exists(const std::string& path, Failure* failure);

// Why a file is not to be loaded: it is none, too large, or not what NAME.json beside NAME.ts, the
// card that script.py writes, was made for. Without a card, or without a hash in it, all is well.
// Reads the whole file; comes back soon once `is_cancelled`.
Failure CheckModelFile(const std::string& path, const std::atomic<bool>& is_cancelled);

// The string under a key of a JSON object, not of one within it; empty: there is none.
std::string TopLevelString(const std::string& json, const std::string& key);

}  // namespace vschaos

#endif  // VSCHAOS_CORE_MODEL_FILE_H_
