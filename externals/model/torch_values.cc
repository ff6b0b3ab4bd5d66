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
constexpr std::size_t kMostShown = 32;  // choices in an error

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

// What a table of this project's files, name -> list, says of a name; empty if it says nothing.
std::vector<std::string> Entry(const torch::jit::Module& module, const std::string& table,
                               const std::string& name) {
  if (!module.hasattr(table) || !module.attr(table).isGenericDict()) return {};
  const auto entries = module.attr(table).toGenericDict();
  if (entries.keyType()->kind() != c10::TypeKind::StringType) return {};
  const auto found = entries.find(name);
  if (found == entries.end() || !found->value().isList()) return {};
  std::vector<std::string> words;
  for (const c10::IValue& value : found->value().toList().vec()) {
    if (value.isString()) {
      words.push_back(Printable(value.toStringRef()));
    } else if (value.isDouble() || value.isInt()) {
      char text[32];
      std::snprintf(text, sizeof text, "%g", value.toScalar().toDouble());
      words.emplace_back(text);
    }
    if (words.size() > kMostShown) return {};
  }
  return words;
}

}  // namespace

std::string Taken(const torch::jit::Module& module, const std::string& name) {
  const std::vector<std::string> ends = Entry(module, "control_ranges", name);
  if (ends.size() == 2) return ": it takes " + ends[0] + " to " + ends[1];
  for (const char* table : {"control_choices", "control_integers"}) {
    std::string list;
    for (const std::string& word : Entry(module, table, name)) {
      list += (list.empty() ? "" : ", ") + word;
    }
    if (!list.empty()) return ": it takes " + list;
  }
  return "";
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
