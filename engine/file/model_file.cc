#include "file/model_file.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "base/halves.h"
#include "base/refused.h"

namespace engine {

namespace {

constexpr int kVersion = 1;
constexpr long kLargestFile = 1L << 30;  // bytes
constexpr std::size_t kLargestDescription = 1 << 22;
constexpr const char* kDescription = "/extra/engine.json";

template <typename Sizes>
std::string Printed(const Sizes& shape) {
  std::string text = "[";
  for (const int size : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(size);
  return text + "]";
}

}  // namespace

std::size_t Tensor::count() const {
  std::size_t count = 1;
  for (const int size : shape) count *= static_cast<std::size_t>(size);
  return count;
}

ModelFile ModelFile::Read(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                            std::fclose);
  if (!file || std::fseek(file.get(), 0, SEEK_END) != 0) Refuse("cannot be read");
  const long size = std::ftell(file.get());
  if (size < 0 || size > kLargestFile) Refuse("is no file, or larger than any instrument");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  std::rewind(file.get());
  if (std::fread(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) {
    Refuse("cannot be read");
  }
  return ModelFile(std::move(bytes));
}

ModelFile::ModelFile(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {
  static_assert(sizeof(float) == 4 && std::numeric_limits<float>::is_iec559, "files have floats");
  archive_ = std::make_unique<Archive>(bytes_.data(), bytes_.size());
  const std::string name = archive_->FindEnding(kDescription);
  if (name.empty()) {
    Refuse(
        "says nothing to the small engine: export it again with script.py, or play it with the "
        "vschaos~ that has libtorch");
  }
  root_ = name.substr(0, name.size() - std::string(kDescription).size() + 1);
  const Bytes text = archive_->Read(name);
  if (text.size > kLargestDescription) Refuse("has too long a description");
  about_ = Json::Parse(std::string(reinterpret_cast<const char*>(text.data), text.size));
  if (about_.Whole("version") > kVersion) {
    Refuse("was exported by a later version: renew the player");
  }
  if (const Json* cannot = about_.Find("cannot")) {
    throw Refused("cannot be played by the small engine, which knows nothing of " + cannot->Text() +
                  ": play it with the vschaos~ that has libtorch");
  }
}

bool ModelFile::Has(std::string_view name) const {
  return about_.At("tensors").Find(name) != nullptr;
}

Tensor ModelFile::Find(std::string_view name) const {
  const Json& row = about_.At("tensors").At(name);
  Tensor tensor;
  std::uint64_t count = 1;
  for (const Json& size : row.At("shape").Items()) {
    tensor.shape.push_back(size.Whole(std::string("the shape of ").append(name), 0, 1 << 24));
    count *= static_cast<std::uint64_t>(tensor.shape.back());
    if (count > 1u << 30) throw Refused(std::string(name) + " is larger than any: export the file again");
  }
  const auto offset = static_cast<std::uint64_t>(row.Whole("offset"));
  const Bytes bytes = archive_->Read(root_ + row.At("record").Text());
  const Json* const half = row.Find("half");
  const bool is_half = half && half->Truth();
  const std::size_t width = is_half ? sizeof(std::uint16_t) : sizeof(float);
  if (bytes.size < (offset + count) * width) {
    throw Refused(std::string(name) + " is not as large as it says: export the file again");
  }
  if (is_half && offset == 0) {
    tensor.data = Widened(name, bytes.data, std::size_t(count));
  } else if (is_half || reinterpret_cast<std::uintptr_t>(bytes.data) % alignof(float) != 0) {
    throw Refused(std::string(name) + " does not lie where floats can be read: export the file again");
  } else {
    tensor.data = reinterpret_cast<const float*>(bytes.data) + offset;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!std::isfinite(tensor.data[i])) {
      throw Refused(std::string(name) + " holds values that are no numbers: export the file again");
    }
  }
  return tensor;
}

const float* ModelFile::Widened(std::string_view name, const std::uint8_t* halves,
                                std::size_t count) const {
  std::vector<float>& floats = widened_[std::string(name)];
  floats.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    floats[i] = FromHalf(static_cast<std::uint16_t>(halves[i] | halves[count + i] << 8));
  }
  return floats.data();
}

const float* ModelFile::Find(std::string_view name, std::initializer_list<int> shape) const {
  const Tensor tensor = Find(name);
  if (!std::equal(tensor.shape.begin(), tensor.shape.end(), shape.begin(), shape.end())) {
    throw Refused(std::string(name) + " has the shape " + Printed(tensor.shape) + " where " +
                  Printed(shape) + " is due: export the file again");
  }
  return tensor.data;
}

Floats ModelFile::Copy(std::string_view name, int count) const {
  const float* const data = Find(name, {count});
  Floats copy(static_cast<std::size_t>(count));
  copy.Copy(data, static_cast<std::size_t>(count));
  return copy;
}

}  // namespace engine
