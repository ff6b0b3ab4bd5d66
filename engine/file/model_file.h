// An exported file: what it says of itself to this engine, and its tensors.

#ifndef VSCHAOS_ENGINE_FILE_MODEL_FILE_H_
#define VSCHAOS_ENGINE_FILE_MODEL_FILE_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/floats.h"
#include "file/archive.h"
#include "file/json.h"

namespace engine {

// Numbers of a tensor, in the order in which they lie in the file.
struct Tensor {
  const float* data = nullptr;
  std::vector<int> shape;

  std::size_t count() const;
};

class ModelFile {
 public:
  // Throws Refused: for what cannot be read, has no description, or one that says why it cannot be
  // played, or one of a version to come.
  static ModelFile Read(const std::string& path);
  explicit ModelFile(std::vector<std::uint8_t> bytes);

  const Json& about() const { return about_; }
  const Json& settings() const { return about_.At("settings"); }

  bool Has(std::string_view name) const;
  // A tensor of finite numbers, which lives as long as this file; throws Refused.
  Tensor Find(std::string_view name) const;
  // One of this shape.
  const float* Find(std::string_view name, std::initializer_list<int> shape) const;
  Floats Copy(std::string_view name, int count) const;

 private:
  std::vector<std::uint8_t> bytes_;
  std::unique_ptr<Archive> archive_;
  // A tensor of half floats as floats. A record of these has the lower bytes of all, then the upper
  // ones, which can be packed the better by themselves.
  const float* Widened(std::string_view name, const std::uint8_t* halves, std::size_t count) const;

  mutable std::map<std::string, std::vector<float>> widened_;
  std::string root_;  // what the names of its entries begin with
  Json about_;
};

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FILE_MODEL_FILE_H_
