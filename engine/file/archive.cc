#include "file/archive.h"

#include <array>

#include "base/refused.h"

namespace engine {

namespace {

constexpr std::uint64_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr std::uint64_t kCentral = 0x02014b50, kLocal = 0x04034b50;
constexpr std::uint64_t kMostEntries = 1 << 17;
constexpr std::uint64_t kIn64 = 0xffffffff;  // stands for a number that the extra field has

// Tables for eight bytes at a time.
std::array<std::array<std::uint32_t, 256>, 8> ChecksumTables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0u);
    tables[0][i] = value;
  }
  for (std::uint32_t i = 0; i < 256; ++i) {
    for (int t = 1; t < 8; ++t) {
      const std::uint32_t before = tables[t - 1][i];
      tables[t][i] = before >> 8 ^ tables[0][before & 255];
    }
  }
  return tables;
}

}  // namespace

std::uint32_t Checksum(const std::uint8_t* data, std::size_t size) {
  static const auto tables = ChecksumTables();
  std::uint32_t value = ~0u;
  for (; size >= 8; size -= 8, data += 8) {
    const std::uint32_t low = value ^ (data[0] | data[1] << 8 | data[2] << 16 |
                                       static_cast<std::uint32_t>(data[3]) << 24);
    value = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^
            tables[4][low >> 24] ^ tables[3][data[4]] ^ tables[2][data[5]] ^
            tables[1][data[6]] ^ tables[0][data[7]];
  }
  for (; size > 0; --size, ++data) value = value >> 8 ^ tables[0][(value ^ *data) & 255];
  return ~value;
}

std::uint64_t Archive::Number(std::uint64_t place, int bytes) const {
  if (place > size_ || size_ - place < static_cast<std::uint64_t>(bytes)) {
    Refuse("is cut short: copy or export it again");
  }
  std::uint64_t number = 0;
  for (int i = bytes - 1; i >= 0; --i) number = number << 8 | data_[place + i];
  return number;
}

Archive::Archive(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {
  if (size_ < 4 || Number(0, 4) != kLocal) Refuse("is no TorchScript file");
  // The end's record has 22 bytes, and a comment of at most 65535 behind it.
  std::uint64_t end = size_ < 22 ? 0 : size_ - 22;
  const std::uint64_t furthest = end > 65535 ? end - 65535 : 0;
  while (end > furthest && Number(end, 4) != kEnd) --end;
  if (Number(end, 4) != kEnd) Refuse("is cut short: copy or export it again");
  std::uint64_t count = Number(end + 10, 2), place = Number(end + 16, 4);
  if (end >= 20 && Number(end - 20, 4) == kLocator64) {
    const std::uint64_t end64 = Number(end - 12, 8);
    if (Number(end64, 4) != kEnd64) Refuse("is damaged: copy or export it again");
    count = Number(end64 + 32, 8);
    place = Number(end64 + 48, 8);
  }
  if (count > kMostEntries) Refuse("is damaged: copy or export it again");
  for (std::uint64_t i = 0; i < count; ++i) {
    if (Number(place, 4) != kCentral) Refuse("is damaged: copy or export it again");
    const std::uint64_t name_size = Number(place + 28, 2), extra_size = Number(place + 30, 2);
    Entry entry{};
    entry.is_stored = Number(place + 10, 2) == 0;
    entry.checksum = static_cast<std::uint32_t>(Number(place + 16, 4));
    entry.size = Number(place + 24, 4);
    entry.header = Number(place + 42, 4);
    const std::uint64_t packed = Number(place + 20, 4);
    const std::uint64_t name_place = place + 46;
    Number(name_place + name_size + extra_size, 0);
    const std::string name(reinterpret_cast<const char*>(data_ + name_place),
                           std::size_t(name_size));
    // Field 1 has, in this order, those of the three numbers that do not fit.
    for (std::uint64_t at = name_place + name_size, last = at + extra_size; at + 4 <= last;) {
      const std::uint64_t kind = Number(at, 2), length = Number(at + 2, 2);
      std::uint64_t value = at + 4;
      if (kind == 1) {
        if (entry.size == kIn64) entry.size = Number(value, 8), value += 8;
        if (packed == kIn64) value += 8;
        if (entry.header == kIn64) entry.header = Number(value, 8);
      }
      at += 4 + length;
    }
    entries_[name] = entry;
    place = name_place + name_size + extra_size + Number(place + 32, 2);
  }
}

Bytes Archive::Read(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw Refused("has no part " + name + ": export it again");
  const Entry& entry = found->second;
  if (!entry.is_stored) Refuse("has a part that is packed: export it again");
  if (Number(entry.header, 4) != kLocal) Refuse("is damaged: copy or export it again");
  const std::uint64_t place =
      entry.header + 30 + Number(entry.header + 26, 2) + Number(entry.header + 28, 2);
  if (place > size_ || entry.size > size_ - place) {
    Refuse("is cut short: copy or export it again");
  }
  if (Checksum(data_ + place, std::size_t(entry.size)) != entry.checksum) {
    throw Refused("is damaged in its part " + name + ": copy or export it again");
  }
  return {data_ + place, std::size_t(entry.size)};
}

std::string Archive::FindEnding(const std::string& ending) const {
  for (const auto& entry : entries_) {
    const std::string& name = entry.first;
    if (name.size() >= ending.size() &&
        name.compare(name.size() - ending.size(), ending.size(), ending) == 0) {
      return name;
    }
  }
  return "";
}

}  // namespace engine
