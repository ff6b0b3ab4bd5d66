// A zip archive whose entries lie in it as they are, as TorchScript's do.

#ifndef VSCHAOS_ENGINE_FILE_ARCHIVE_H_
#define VSCHAOS_ENGINE_FILE_ARCHIVE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace engine {

// Bytes of an entry within the archive's.
struct Bytes {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

class Archive {
 public:
  // Reads the list of entries. The bytes must outlive it. Throws Refused if they are no archive.
  Archive(const std::uint8_t* data, std::size_t size);

  // An entry, compared with its checksum. Throws Refused where it is missing or damaged.
  Bytes Read(const std::string& name) const;
  // The first entry whose name ends so; empty: there is none.
  std::string FindEnding(const std::string& ending) const;

 private:
  struct Entry {
    std::uint64_t header, size;
    std::uint32_t checksum;
    bool is_stored;
  };

  // Little-endian numbers; throw Refused beyond the end.
  std::uint64_t Number(std::uint64_t place, int bytes) const;

  const std::uint8_t* const data_;
  const std::uint64_t size_;
  std::map<std::string, Entry> entries_;
};

// CRC-32 as zip archives have it.
std::uint32_t Checksum(const std::uint8_t* data, std::size_t size);

}  // namespace engine

#endif  // VSCHAOS_ENGINE_FILE_ARCHIVE_H_
