#include "model/torch_values.h"

#include <cmath>
#include <cstdio>
#include <stdexcept>

#include "model/torch_ports.h"

namespace vschaos {

namespace {

constexpr double kLargestInt = 9007199254740992.0;  // 2^53

enum TypeCode : std::int64_t { kBool = 0, kInt = 1, kFloat = 2, kString = 3, kTensor = 4 };

constexpr std::size_t kMostNames = 1024;

}  // namespace

std::vector<std::string> Strings(const c10::IValue& list) {
  const auto values = list.toList();
  if (values.size() > kMostNames) {
    throw std::invalid_argument("it lists " + std::to_string(values.size()) + " names");
  }
  std::vector<std::string> words;
  for (const c10::IValue& word : values.vec()) words.push_back(Printable(word.toStringRef()));
  return words;
}

std::vector<std::string> Labels(const torch::jit::Module& module, const std::string& name) {
  return module.hasattr(name) ? Strings(module.attr(name)) : std::vector<std::string>();
}

c10::IValue Typed(const Atom& atom, std::int64_t type) {
  const double* const number = std::get_if<double>(&atom);
  const std::string word = number ? "" : std::get<std::string>(atom);
  switch (type) {
    case kBool:
      if (number) return *number != 0.0;
      if (word == "true" || word == "false") return word == "true";
      throw std::invalid_argument("needs 0, 1, true or false, got " + word);
    case kInt:
      if (number && std::abs(*number) > kLargestInt) {
        throw std::invalid_argument("needs a number within 2^53");
      }
      if (number) return static_cast<std::int64_t>(*number);
      throw std::invalid_argument("needs a number, got " + word);
    case kFloat:
      if (number) return *number;
      throw std::invalid_argument("needs a number, got " + word);
    case kString: {
      if (!number) return word;
      char text[32];
      std::snprintf(text, sizeof text, "%g", *number);
      return std::string(text);
    }
    default:
      throw std::invalid_argument("takes a tensor, which no message can hold");
  }
}

namespace {

Atom AsAtom(const c10::IValue& value) {
  if (value.isDouble()) return value.toDouble();
  if (value.isInt()) return static_cast<double>(value.toInt());
  if (value.isBool()) return value.toBool() ? 1.0 : 0.0;
  if (value.isString()) return Printable(value.toStringRef());
  throw std::invalid_argument("its value is neither a number nor a word");
}

}  // namespace

std::vector<Atom> Untyped(const c10::IValue& answer) {
  std::vector<c10::IValue> parts = {answer};
  if (answer.isTuple()) parts = answer.toTupleRef().elements().vec();
  if (answer.isList()) {
    if (answer.toList().size() > kMostNames) {
      throw std::invalid_argument("it has too many values to tell");
    }
    parts = answer.toList().vec();
  }
  std::vector<Atom> atoms;
  for (const c10::IValue& part : parts) atoms.push_back(AsAtom(part));
  return atoms;
}

}  // namespace vschaos
