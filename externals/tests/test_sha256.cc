#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/sha256.h"

using namespace vschaos;

namespace {

std::string HashOf(const std::string& text, std::size_t part) {
  Sha256 hash;
  for (std::size_t i = 0; i < text.size(); i += part) {
    hash.Update(text.data() + i, std::min(part, text.size() - i));
  }
  return hash.Finish();
}

}  // namespace

TEST_CASE("SHA-256 of the messages that NIST gives") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1000000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}};
  for (const auto& [text, expected] : cases) {
    for (const std::size_t part : {1, 55, 64, 65, 4096}) CHECK(HashOf(text, part) == expected);
  }
}
