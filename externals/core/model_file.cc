#include "core/model_file.h"

#include <sys/stat.h>

#include <cstdint>
#include <fstream>
#include <vector>

#include "core/sha256.h"

namespace vschaos {

namespace {

constexpr std::int64_t kLargestModel = std::int64_t(8) << 30;  // bytes
constexpr std::int64_t kLargestCard = 1 << 20;

bool IsHash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string FileName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// The hash in the card beside a model; empty: none is to be had.
std::string HashOfCard(const std::string& card) {
  struct stat status = {};
  if (stat(card.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  if (status.st_size > kLargestCard) return "";
  std::string json(status.st_size, '\0');
  std::ifstream(card, std::ios::binary).read(json.data(), std::streamsize(json.size()));
  const std::string hash = TopLevelString(json, "sha256");
  return IsHash(hash) ? hash : "";
}

}  // namespace

bool Exists(const std::string& path, Failure* failure) {
  struct stat status = {};
  failure->clear();
  if (stat(path.c_str(), &status) != 0) return false;
  if (S_ISREG(status.st_mode)) return true;
  *failure = S_ISDIR(status.st_mode)    ? "is a folder, not a file"
             : S_ISFIFO(status.st_mode) ? "is a FIFO, not a file"
                                        : "is a device or a socket, not a file";
  return true;
}

Failure CheckModelFile(const std::string& path, const std::atomic<bool>& is_cancelled) {
  Failure failure;
  if (!Exists(path, &failure)) return "is not there any more";
  if (!failure.empty()) return failure;
  struct stat status = {};
  if (stat(path.c_str(), &status) == 0 && status.st_size > kLargestModel) {
    return "is larger than " + std::to_string(kLargestModel >> 30) + " GB: no instrument is";
  }
  const std::size_t ending = path.rfind(".ts");
  if (ending == std::string::npos || ending + 3 != path.size()) return "";
  const std::string card = path.substr(0, ending) + ".json";
  const std::string expected = HashOfCard(card);
  if (expected.empty()) return "";
  Sha256 hash;
  std::ifstream file(path, std::ios::binary);
  std::vector<char> part(1 << 16);
  while (file && !is_cancelled) {
    file.read(part.data(), std::streamsize(part.size()));
    hash.Update(part.data(), std::size_t(file.gcount()));
  }
  if (is_cancelled || hash.Finish() == expected) return "";
  return "is not the file that its card " + FileName(card) +
         " was made for: export it again, or remove the card if you trust the file";
}

std::string TopLevelString(const std::string& json, const std::string& key) {
  int depth = 0;
  bool is_value = false;  // after a colon of the outermost object
  std::string word;       // the last one there
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth == 1 && c == ':') is_value = true;
    if (depth == 1 && c == ',') is_value = false;
    if (c != '"') continue;
    const std::size_t start = i + 1;
    for (++i; i < json.size() && json[i] != '"'; ++i) {
      if (json[i] == '\\') ++i;
    }
    if (depth != 1 || i >= json.size()) continue;
    const std::string text = json.substr(start, i - start);
    if (is_value && word == key) return text;
    word = text;
  }
  return "";
}

}  // namespace vschaos
