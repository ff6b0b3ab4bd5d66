#include "core/sha256.h"

#include <algorithm>
#include <cstring>

namespace vschaos {

namespace {

std::uint32_t RotateRight(std::uint32_t x, int n) { return x >> n | x << (32 - n); }

// K of section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64
// primes.
std::array<std::uint32_t, 64> RoundConstants() {
  std::array<std::uint32_t, 64> constants;
  std::size_t count = 0;
  for (int candidate = 2; count < constants.size(); ++candidate) {
    bool is_prime = true;
    for (int divisor = 2; divisor * divisor <= candidate; ++divisor) {
      is_prime = is_prime && candidate % divisor != 0;
    }
    if (!is_prime) continue;
    // The largest integer whose cube is at most candidate · 2^96, bit by bit: no rounding.
    using Wide = unsigned __int128;
    std::uint64_t root = 0;
    for (int bit = 34; bit >= 0; --bit) {
      const std::uint64_t tried = root | std::uint64_t(1) << bit;
      if (Wide(tried) * tried * tried <= Wide(candidate) << 96) root = tried;
    }
    constants[count++] = static_cast<std::uint32_t>(root);
  }
  return constants;
}

}  // namespace

void Sha256::Update(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  length_ += size;
  while (size > 0) {
    const std::size_t count = std::min(size, block_.size() - filled_);
    std::memcpy(block_.data() + filled_, bytes, count);
    bytes += count;
    size -= count;
    filled_ += count;
    if (filled_ < block_.size()) return;
    Compress(block_.data());
    filled_ = 0;
  }
}

// A bit 1, as many bits 0 as are needed, and the length in bits (section 5.1.1).
std::string Sha256::Finish() {
  const std::uint64_t bits = 8 * length_;
  const unsigned char one = 0x80, zero = 0;
  Update(&one, 1);
  while (filled_ != 56) Update(&zero, 1);
  for (int shift = 56; shift >= 0; shift -= 8) {
    const auto byte = static_cast<unsigned char>(bits >> shift);
    Update(&byte, 1);
  }
  std::string text;
  for (const std::uint32_t word : hash_) {
    for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
  }
  return text;
}

// Section 6.2.2.
void Sha256::Compress(const unsigned char* block) {
  static const std::array<std::uint32_t, 64> constants = RoundConstants();
  std::array<std::uint32_t, 64> w;
  for (int t = 0; t < 16; ++t) {
    w[t] = std::uint32_t(block[4 * t]) << 24 | std::uint32_t(block[4 * t + 1]) << 16 |
           std::uint32_t(block[4 * t + 2]) << 8 | block[4 * t + 3];
  }
  for (int t = 16; t < 64; ++t) {
    const std::uint32_t x = w[t - 15], y = w[t - 2];
    w[t] = w[t - 16] + (RotateRight(x, 7) ^ RotateRight(x, 18) ^ x >> 3) + w[t - 7] +
           (RotateRight(y, 17) ^ RotateRight(y, 19) ^ y >> 10);
  }
  auto [a, b, c, d, e, f, g, h] = hash_;
  for (int t = 0; t < 64; ++t) {
    const std::uint32_t first = h + (RotateRight(e, 6) ^ RotateRight(e, 11) ^ RotateRight(e, 25)) +
                                ((e & f) ^ (~e & g)) + constants[t] + w[t];
    const std::uint32_t second = (RotateRight(a, 2) ^ RotateRight(a, 13) ^ RotateRight(a, 22)) +
                                 ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + first;
    d = c, c = b, b = a, a = first + second;
  }
  const std::array<std::uint32_t, 8> added = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < hash_.size(); ++i) hash_[i] += added[i];
}

}  // namespace vschaos
