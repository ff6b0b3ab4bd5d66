// SHA-256 (FIPS 180-4).

#ifndef VSCHAOS_CORE_SHA256_H_
#define VSCHAOS_CORE_SHA256_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace vschaos {

class Sha256 {
 public:
  void Update(const void* data, std::size_t size);

  // 64 lower-case hexadecimal digits. Nothing may be called afterwards.
  std::string Finish();

 private:
  void Compress(const unsigned char* block);

  // The first 32 bits of the fractional parts of the square roots of the first eight primes.
  std::array<std::uint32_t, 8> hash_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> block_ = {};
  std::size_t filled_ = 0;   // bytes of block_
  std::uint64_t length_ = 0;  // bytes of the message so far
};

}  // namespace vschaos

#endif  // VSCHAOS_CORE_SHA256_H_
