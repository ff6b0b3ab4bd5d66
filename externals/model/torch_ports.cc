#include "model/torch_ports.h"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/frontend/script_type_parser.h>
#include <torch/csrc/jit/serialization/unpickler.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "model/models.h"

namespace vschaos {

namespace {

constexpr int kMostChannels = 512;
constexpr int kHighestRatio = 1 << 16;
constexpr std::size_t kLargestPickle = 1 << 24;  // bytes; an instrument's has some 10,000
constexpr std::size_t kSmallRecord = 1024;  // bytes; m_params has 32, weights have more

c10::intrusive_ptr<c10::ivalue::Object> AsObject(const at::StrongTypePtr& type,
                                                 const c10::IValue& state) {
  auto object = c10::ivalue::Object::create(type, 1);
  object->setSlot(0, state);
  return object;
}

}  // namespace

Failure ReadShape(const c10::IValue& params, Method* method) {
  if (!params.isTensor() || params.toTensor().numel() != 4) {
    return method->name + "_params is no tensor of four numbers";
  }
  const at::Tensor numbers = params.toTensor().reshape(4).to(at::kCPU, at::kLong).contiguous();
  const std::int64_t* shape = numbers.const_data_ptr<std::int64_t>();
  for (int i = 0; i < 4; ++i) {
    const int most = i % 2 == 0 ? kMostChannels : kHighestRatio;
    if (shape[i] < 1 || shape[i] > most) {
      return method->name + "_params[" + std::to_string(i) + "] is " + std::to_string(shape[i]) +
             ", not between 1 and " + std::to_string(most);
    }
  }
  method->in_channels = static_cast<int>(shape[0]);
  method->in_ratio = static_cast<int>(shape[1]);
  method->out_channels = static_cast<int>(shape[2]);
  method->out_ratio = static_cast<int>(shape[3]);
  return "";
}

std::string OneLine(const std::exception& error) {
  const std::string text = error.what();
  std::string line = text.substr(0, text.find('\n'));
  if (text.find("Traceback of TorchScript") != std::string::npos) {
    const std::size_t end = text.find_last_not_of("\n ");
    const std::size_t start = text.rfind('\n', end);
    line = text.substr(start + 1, end - start);
  }
  // libtorch says first which line of its own found that there was no memory.
  const std::size_t memory = text.find("can't allocate memory");
  if (memory != std::string::npos) line = text.substr(memory, text.find('\n', memory) - memory);
  return Printable(line.substr(0, line.find(". ")));
}

std::string Printable(const std::string& text) {
  constexpr std::size_t kLongest = 200;
  std::size_t end = std::min(text.size(), kLongest);
  // Never within a character of several bytes, of which all but the first are 10xxxxxx.
  while (end < text.size() && end > 0 && (text[end] & 0xc0) == 0x80) --end;
  std::string line = text.substr(0, end);
  for (char& c : line) {
    if ((c >= 0 && c < ' ') || c == 0x7f) c = '?';
  }
  return end < text.size() ? line + " …" : line;
}

// The file is a zip archive whose data.pkl holds the attributes of the top module, the tensors
// among them by the names of other records. Classes are taken as bags of attributes, and records
// too big to be m_params as memory nobody looks at.
bool PeekByTorch(const std::string& path, const std::string& name, Ports* ports) {
  try {
    caffe2::serialize::PyTorchStreamReader archive(path);
    if (archive.getRecordSize("data.pkl") > kLargestPickle) return false;
    const auto pickle = archive.getRecord("data.pkl");
    const char* const bytes = static_cast<const char*>(std::get<0>(pickle).get());
    const std::size_t size = std::get<1>(pickle);
    std::size_t read = 0;
    const auto read_bytes = [&](char* buffer, std::size_t wanted) {
      const std::size_t count = std::min(wanted, size - read);
      std::memcpy(buffer, bytes + read, count);
      read += count;
      return count;
    };
    const auto unit = std::make_shared<torch::jit::CompilationUnit>();
    const auto resolve = [&](const c10::QualifiedName& type_name) {
      const std::string text = type_name.qualifiedName();
      if (text.rfind("__torch__", 0) != 0) {  // List[str] and the like
        return c10::StrongTypePtr(unit, torch::jit::ScriptTypeParser().parseType(text));
      }
      auto type = c10::ClassType::create(type_name, unit);
      type->addAttribute("state", c10::AnyType::get());
      return c10::StrongTypePtr(unit, std::move(type));
    };
    const auto read_record = [&](const std::string& record) {
      const std::string full_name = "data/" + record;
      const std::size_t length = archive.getRecordSize(full_name);
      if (length > kSmallRecord) return c10::GetAllocator(c10::kCPU)->allocate(length);
      return std::move(std::get<0>(archive.getRecord(full_name)));
    };
    torch::jit::Unpickler unpickler(read_bytes, resolve, AsObject, read_record, at::kCPU);
    const c10::IValue top = unpickler.parse_ivalue().toObject()->getSlot(0);
    const auto attributes = top.toGenericDict();
    const auto found = attributes.find(c10::IValue(name + "_params"));
    if (found == attributes.end()) return false;
    Method method;
    method.name = name;
    if (!ReadShape(found->value(), &method).empty()) return false;
    ports->inlets = method.in_channels;
    ports->outlets = method.out_channels;
    return true;
  } catch (const std::exception&) {
    return false;  // whoever loads the file says why
  }
}

}  // namespace vschaos
