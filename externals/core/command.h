// What travels to the thread that runs the model, and what comes back from it.

#ifndef VSCHAOS_CORE_COMMAND_H_
#define VSCHAOS_CORE_COMMAND_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/instrument.h"
#include "core/stream.h"

namespace vschaos {

struct Command {
  enum class Verb { kSet, kGet, kReset, kReportLatency, kPlay, kStream, kYield };

  Verb verb = Verb::kYield;
  std::string name;                        // kSet, kGet: of the attribute
  std::vector<Atom> values;                // kSet
  std::shared_ptr<Instrument> instrument;  // kPlay; nullptr: the one that plays already
  int method = 0;                          // kPlay
  bool is_request = true;                  // kReset: a model that cannot is an error
  std::shared_ptr<Stream> stream;          // kStream: leave the old one, serve this one
  std::int64_t position = 0;               // samples that had arrived when it was sent
};

// A message for the info outlet, or an error.
struct Reply {
  bool is_error = false;
  std::string text;  // the selector of a message, or the error in one line
  std::vector<Atom> values;
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_COMMAND_H_
