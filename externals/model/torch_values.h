// Between the words of messages and the values of a model.

#ifndef VSCHAOS_MODEL_TORCH_VALUES_H_
#define VSCHAOS_MODEL_TORCH_VALUES_H_

#include <torch/script.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/instrument.h"

namespace vschaos {

// All of these throw std::exceptions where a model has other values than these.

// The words of a list, as a console may show them: no more than a thousand.
std::vector<std::string> Strings(const c10::IValue& list);

// The words under a name; none, if there is nothing of this name.
std::vector<std::string> Labels(const torch::jit::Module& module, const std::string& name);

// What an attribute takes, for an error that ends in it: ": it takes -60 to 60". Empty if the model
// does not say, as only files of this project do.
std::string Taken(const torch::jit::Module& module, const std::string& name);

// A number or word as the type that the model asks for with this code.
c10::IValue Typed(const Atom& atom, std::int64_t type);

// What a getter answered: a value, a tuple or a list of some.
std::vector<Atom> Untyped(const c10::IValue& answer);

}  // namespace vschaos

#endif  // VSCHAOS_MODEL_TORCH_VALUES_H_
