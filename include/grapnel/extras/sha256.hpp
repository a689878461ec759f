#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::extras {

/// SHA-256 of text that comes in pieces. By hand, for nothing that Grapnel is made of has it on
/// both engines: SQLite has none, PostgreSQL's runs on the server, and a library for one function
/// is one more that everybody has to install.
/// Source: FIPS 180-4.
class Sha256 {
 public:
  Sha256& Add(std::string_view text) noexcept {
    size_ += text.size();
    for (const char c : text) {
      block_[used_++] = static_cast<std::uint8_t>(c);
      if (used_ == sizeof(block_)) Mix();
    }
    return *this;
  }

  /// The digest of all that was added, 64 digits and letters from a to f; ends it.
  std::string Hex() {
    const std::uint64_t bits = size_ * 8;
    block_[used_++] = 0x80;
    if (used_ > 56) {
      while (used_ < sizeof(block_)) block_[used_++] = 0;
      Mix();
    }
    while (used_ < 56) block_[used_++] = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
      block_[used_++] = static_cast<std::uint8_t>(bits >> shift);
    }
    Mix();
    std::string hex;
    hex.reserve(64);
    for (const std::uint32_t word : state_) {
      for (int shift = 28; shift >= 0; shift -= 4) hex += "0123456789abcdef"[word >> shift & 0xf];
    }
    return hex;
  }

 private:
  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  static constexpr std::uint32_t kRoots[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
      0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
      0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
      0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
      0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
      0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
      0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
      0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
      0xc67178f2};

  // As std::rotr, which is several calls where nothing is optimised.
  [[gnu::always_inline]] static constexpr std::uint32_t Turned(std::uint32_t word,
                                                               int by) noexcept {
    return word >> by | word << (32 - by);
  }

  void Mix() noexcept {
    std::uint32_t w[64];
    for (std::size_t i = 0; i < 16; ++i) {
      w[i] = std::uint32_t{block_[4 * i]} << 24 | std::uint32_t{block_[4 * i + 1]} << 16 |
             std::uint32_t{block_[4 * i + 2]} << 8 | std::uint32_t{block_[4 * i + 3]};
    }
    for (std::size_t i = 16; i < 64; ++i) {
      const std::uint32_t a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (Turned(a, 7) ^ Turned(a, 18) ^ a >> 3) +
             (Turned(b, 17) ^ Turned(b, 19) ^ b >> 10);
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint32_t first = h + (Turned(e, 6) ^ Turned(e, 11) ^ Turned(e, 25)) +
                                  ((e & f) ^ (~e & g)) + kRoots[i] + w[i];
      const std::uint32_t second =
          (Turned(a, 2) ^ Turned(a, 13) ^ Turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + first;
      d = c, c = b, b = a, a = first + second;
    }
    const std::uint32_t mixed[] = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state_[i] += mixed[i];
    used_ = 0;
  }

  std::uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::uint8_t block_[64] = {};
  std::size_t used_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace grapnel::extras
