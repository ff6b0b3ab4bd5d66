// Reading m_params, and making errors fit on one line.

#ifndef VSCHAOS_MODEL_TORCH_PORTS_H_
#define VSCHAOS_MODEL_TORCH_PORTS_H_

#include <torch/script.h>

#include <exception>
#include <string>

#include "core/instrument.h"

namespace vschaos {

// Fills the shape of a method from its m_params; returns what is wrong with them.
Failure ReadShape(const c10::IValue& params, Method* method);

// Text of a file's for a console: no control characters, and no longer than a line or two.
std::string Printable(const std::string& text);

// The first sentence of the last line of a TorchScript traceback, or of another error.
std::string OneLine(const std::exception& error);

}  // namespace vschaos

#endif  // VSCHAOS_MODEL_TORCH_PORTS_H_
