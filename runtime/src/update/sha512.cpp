/* SPDX-License-Identifier: Apache-2.0 */
#include "sha512.h"

#include <string.h>

#include "../image/sha256.h"

namespace ecu {
namespace {

// The first 64 bits of the fractional parts of the cube roots of the first 80 primes. The upper halves of the
// first 64 are the constants of SHA-256; here are those of the others, then all lower halves.
constexpr uint32_t kUpper[16] = {0xca273eceU, 0xd186b8c7U, 0xeada7dd6U, 0xf57d4f7fU, 0x06f067aaU, 0x0a637dc5U,
                                 0x113f9804U, 0x1b710b35U, 0x28db77f5U, 0x32caab7bU, 0x3c9ebe0aU, 0x431d67c4U,
                                 0x4cc5d4beU, 0x597f299cU, 0x5fcb6fabU, 0x6c44198cU};
constexpr uint32_t kLower[80] = {
    0xd728ae22U, 0x23ef65cdU, 0xec4d3b2fU, 0x8189dbbcU, 0xf348b538U, 0xb605d019U, 0xaf194f9bU, 0xda6d8118U,
    0xa3030242U, 0x45706fbeU, 0x4ee4b28cU, 0xd5ffb4e2U, 0xf27b896fU, 0x3b1696b1U, 0x25c71235U, 0xcf692694U,
    0x9ef14ad2U, 0x384f25e3U, 0x8b8cd5b5U, 0x77ac9c65U, 0x592b0275U, 0x6ea6e483U, 0xbd41fbd4U, 0x831153b5U,
    0xee66dfabU, 0x2db43210U, 0x98fb213fU, 0xbeef0ee4U, 0x3da88fc2U, 0x930aa725U, 0xe003826fU, 0x0a0e6e70U,
    0x46d22ffcU, 0x5c26c926U, 0x5ac42aedU, 0x9d95b3dfU, 0x8baf63deU, 0x3c77b2a8U, 0x47edaee6U, 0x1482353bU,
    0x4cf10364U, 0xbc423001U, 0xd0f89791U, 0x0654be30U, 0xd6ef5218U, 0x5565a910U, 0x5771202aU, 0x32bbd1b8U,
    0xb8d2d0c8U, 0x5141ab53U, 0xdf8eeb99U, 0xe19b48a8U, 0xc5c95a63U, 0xe3418acbU, 0x7763e373U, 0xd6b2b8a3U,
    0x5defb2fcU, 0x43172f60U, 0xa1f0ab72U, 0x1a6439ecU, 0x23631e28U, 0xde82bde9U, 0xb2c67915U, 0xe372532bU,
    0xea26619cU, 0x21c0c207U, 0xcde0eb1eU, 0xee6ed178U, 0x72176fbaU, 0xa2c898a6U, 0xbef90daeU, 0x131c471bU,
    0x23047d84U, 0x40c72493U, 0x15c9bebcU, 0x9c100d4cU, 0xcb3e42b6U, 0xfc657e2aU, 0x3ad6faecU, 0x4a475817U};

constexpr uint64_t kStart[8] = {0x6a09e667f3bcc908U, 0xbb67ae8584caa73bU, 0x3c6ef372fe94f82bU,
                                0xa54ff53a5f1d36f1U, 0x510e527fade682d1U, 0x9b05688c2b3e6c1fU,
                                0x1f83d9abfb41bd6bU, 0x5be0cd19137e2179U};

constexpr uint64_t rotate_right(uint64_t value, unsigned count) noexcept {
  return (value >> count) | (value << (64U - count));
}

uint64_t round_constant(unsigned t) noexcept {
  const uint32_t upper = t < 64U ? kSha256Rounds[t] : kUpper[t - 64U];
  return (static_cast<uint64_t>(upper) << 32U) | kLower[t];
}

}  // namespace

Sha512::Sha512() noexcept { memcpy(state_, kStart, sizeof state_); }

void Sha512::compress() noexcept {
  uint64_t v[8];  // working variables a to h
  memcpy(v, state_, sizeof v);
  for (unsigned t = 0U; t < 80U; ++t) {
    uint64_t& word = block_[t % 16U];  // of the message, then of its schedule
    if (t >= 16U) {
      const uint64_t a = block_[(t + 1U) % 16U];
      const uint64_t b = block_[(t + 14U) % 16U];
      word += (rotate_right(a, 1U) ^ rotate_right(a, 8U) ^ (a >> 7U)) + block_[(t + 9U) % 16U] +
              (rotate_right(b, 19U) ^ rotate_right(b, 61U) ^ (b >> 6U));
    }
    const uint64_t sum1 = rotate_right(v[4], 14U) ^ rotate_right(v[4], 18U) ^ rotate_right(v[4], 41U);
    const uint64_t choose = v[6] ^ (v[4] & (v[5] ^ v[6]));
    const uint64_t first = v[7] + sum1 + choose + round_constant(t) + word;
    const uint64_t sum0 = rotate_right(v[0], 28U) ^ rotate_right(v[0], 34U) ^ rotate_right(v[0], 39U);
    const uint64_t majority = (v[0] & v[1]) | (v[2] & (v[0] | v[1]));
    memmove(v + 1, v, 7U * sizeof v[0]);
    v[4] += first;
    v[0] = first + sum0 + majority;
  }
  for (unsigned i = 0U; i < 8U; ++i) {
    state_[i] += v[i];
  }
}

void Sha512::put(uint8_t byte) noexcept {
  uint64_t& word = block_[length_ % kBlockSize / 8U];
  word = (word << 8U) | byte;
  ++length_;
  if (length_ % kBlockSize == 0U) {
    compress();
  }
}

void Sha512::update(Span<const uint8_t> bytes) noexcept {
  for (const uint8_t byte : bytes) {
    put(byte);
  }
}

void Sha512::finish(uint8_t (&digest)[kDigestSize]) noexcept {
  const uint64_t length = length_;
  put(0x80U);
  while (length_ % kBlockSize != kBlockSize - 16U) {
    put(0U);
  }
  block_[14] = length >> 61U;
  block_[15] = length << 3U;
  compress();
  for (unsigned i = 0U; i < kDigestSize; ++i) {
    uint64_t& word = state_[i / 8U];
    digest[i] = static_cast<uint8_t>(word >> 56U);
    word <<= 8U;
  }
}

}  // namespace ecu
