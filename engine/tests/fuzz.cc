// Opens a file with parts of it changed, many times, and plays what still opens: fuzz FILE.ts COUNT
// SEED. It ends well where nothing crashed: to be built with VSCHAOS_SANITIZE. Prints how many were
// refused, for how many reasons, and how many played.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/refused.h"
#include "file/archive.h"
#include "play/player.h"

namespace {

using Content = std::vector<std::uint8_t>;

class Damage {
 public:
  Damage(Content content, unsigned seed) : whole_(std::move(content)), random_(seed) {
    const std::string opening = "{\"version\"";
    const auto found =
        std::search(whole_.begin(), whole_.end(), opening.begin(), opening.end());
    text_ = std::size_t(found - whole_.begin());
    const engine::Archive archive(whole_.data(), whole_.size());
    size_ = archive.Read(archive.FindEnding("/extra/engine.json")).size;
  }

  Content Next() {
    Content content = whole_;
    switch (Below(5)) {
      case 0:  // bytes anywhere
        for (std::size_t i = Below(8) + 1; i > 0; --i) content[Below(content.size())] ^= 1 << Below(8);
        return content;
      case 1:  // cut short
        content.resize(Below(content.size()));
        return content;
      case 2:  // bytes of the list of entries
        for (std::size_t i = Below(4) + 1; i > 0; --i) {
          content[content.size() - 1 - Below(content.size() / 8)] = std::uint8_t(Below(256));
        }
        return content;
      case 3:  // characters of the description
        for (std::size_t i = Below(3) + 1; i > 0; --i) content[text_ + Below(size_)] = Character();
        return Summed(content);
      default:  // digits of it
        for (std::size_t i = Below(3) + 1; i > 0; --i) {
          std::size_t at = text_ + Below(size_);
          while (at < text_ + size_ && !(content[at] >= '0' && content[at] <= '9')) ++at;
          if (at < text_ + size_) content[at] = std::uint8_t('0' + Below(10));
        }
        return Summed(content);
    }
  }

 private:
  std::size_t Below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }
  std::uint8_t Character() {
    const char characters[] = "{}[]\",:0123456789.-eE \\utrfn";
    return std::uint8_t(characters[Below(sizeof characters - 1)]);
  }
  // With the description's new checksum, so that it is read.
  Content Summed(Content content) {
    const std::uint32_t before = engine::Checksum(whole_.data() + text_, size_);
    const std::uint32_t after = engine::Checksum(content.data() + text_, size_);
    for (std::size_t i = text_ + size_; i + 4 <= content.size(); ++i) {
      if (std::memcmp(&content[i], &before, 4) == 0) std::memcpy(&content[i], &after, 4);
    }
    return content;
  }

  const Content whole_;
  std::mt19937 random_;
  std::size_t text_ = 0, size_ = 0;
};

void Play(engine::Player* player) {
  const int block = player->block_samples();
  const int samples = block * std::max(2, 260 / block);
  for (std::size_t i = 0; i < player->methods().size(); ++i) {
    const engine::PlayedMethod& method = player->methods()[i];
    std::vector<std::vector<float>> in, out;
    std::vector<const float*> from;
    std::vector<float*> to;
    for (int c = 0; c < method.in_channels; ++c) in.emplace_back(samples / method.in_ratio, 0.5f);
    for (int c = 0; c < method.out_channels; ++c) out.emplace_back(samples / method.out_ratio);
    for (auto& row : in) from.push_back(row.data());
    for (auto& row : out) to.push_back(row.data());
    player->Process(static_cast<int>(i), 0, from.data(), to.data(), samples);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "engine_fuzz FILE.ts COUNT SEED\n");
    return 2;
  }
  std::ifstream file(arguments[1], std::ios::binary);
  const Content content((std::istreambuf_iterator<char>(file)), {});
  try {
    engine::ModelFile whole(content);
  } catch (const engine::Refused& reason) {
    std::fprintf(stderr, "%s: %s\n", arguments[1], reason.what());
    return 2;
  }
  Damage damage(content, static_cast<unsigned>(std::atoi(arguments[3])));
  int refused = 0, played = 0;
  std::set<std::string> reasons;
  for (int i = std::atoi(arguments[2]); i > 0; --i) {
    try {
      engine::Player player(engine::ModelFile(damage.Next()), 1);
      for (const engine::Control& control : player.controls()) {
        const std::string name = control.name;
        player.Set(name, control.highest);
        for (const std::string& word : control.choices) player.Set(name, word), Play(&player);
        for (const double whole : control.integers) player.Set(name, whole), Play(&player);
      }
      Play(&player);
      ++played;
    } catch (const engine::Refused& reason) {
      const std::string text = reason.what();
      if (text.empty() || text.size() > 400) return 1;
      reasons.insert(text.substr(0, 24));
      ++refused;
    }
  }
  std::printf("%d refused, for %zu reasons, %d played\n", refused, reasons.size(), played);
  return 0;
}
