/* SPDX-License-Identifier: Apache-2.0 */
#include "sha256.h"

#include <string.h>

#include "../cold.h"

namespace ecu {

const uint32_t kSha256Rounds[64] = {
    0x428a2f98U, 0x71374491U, 0xb5c0fbcfU, 0xe9b5dba5U, 0x3956c25bU, 0x59f111f1U, 0x923f82a4U, 0xab1c5ed5U,
    0xd807aa98U, 0x12835b01U, 0x243185beU, 0x550c7dc3U, 0x72be5d74U, 0x80deb1feU, 0x9bdc06a7U, 0xc19bf174U,
    0xe49b69c1U, 0xefbe4786U, 0x0fc19dc6U, 0x240ca1ccU, 0x2de92c6fU, 0x4a7484aaU, 0x5cb0a9dcU, 0x76f988daU,
    0x983e5152U, 0xa831c66dU, 0xb00327c8U, 0xbf597fc7U, 0xc6e00bf3U, 0xd5a79147U, 0x06ca6351U, 0x14292967U,
    0x27b70a85U, 0x2e1b2138U, 0x4d2c6dfcU, 0x53380d13U, 0x650a7354U, 0x766a0abbU, 0x81c2c92eU, 0x92722c85U,
    0xa2bfe8a1U, 0xa81a664bU, 0xc24b8b70U, 0xc76c51a3U, 0xd192e819U, 0xd6990624U, 0xf40e3585U, 0x106aa070U,
    0x19a4c116U, 0x1e376c08U, 0x2748774cU, 0x34b0bcb5U, 0x391c0cb3U, 0x4ed8aa4aU, 0x5b9cca4fU, 0x682e6ff3U,
    0x748f82eeU, 0x78a5636fU, 0x84c87814U, 0x8cc70208U, 0x90befffaU, 0xa4506cebU, 0xbef9a3f7U, 0xc67178f2U};

namespace {

constexpr uint32_t rotate_right(uint32_t value, unsigned count) noexcept {
  return (value >> count) | (value << (32U - count));
}

/* The number whose big-endian bytes are in memory as `value` is, and the other way round. */
[[gnu::always_inline]] inline uint32_t as_big_endian(uint32_t value) noexcept {
  uint8_t bytes[4];
  memcpy(bytes, &value, sizeof bytes);
  return (static_cast<uint32_t>(bytes[0]) << 24U) | (static_cast<uint32_t>(bytes[1]) << 16U) |
         (static_cast<uint32_t>(bytes[2]) << 8U) | static_cast<uint32_t>(bytes[3]);
}

/* Message schedule word t >= 16; only the last 16 words are kept. */
uint32_t extend(uint32_t (&schedule)[16], unsigned t) noexcept {
  const uint32_t a = schedule[(t + 1U) % 16U];
  const uint32_t b = schedule[(t + 14U) % 16U];
  const uint32_t sigma0 = rotate_right(a, 7U) ^ rotate_right(a, 18U) ^ (a >> 3U);
  const uint32_t sigma1 = rotate_right(b, 17U) ^ rotate_right(b, 19U) ^ (b >> 10U);
  schedule[t % 16U] += sigma0 + schedule[(t + 9U) % 16U] + sigma1;
  return schedule[t % 16U];
}

constexpr uint32_t kStart[8] = {0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                                0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};

}  // namespace

ECU_COLD Sha256::Sha256() noexcept { memcpy(state_, kStart, sizeof state_); }

void Sha256::compress() noexcept {
  for (uint32_t& word : words_) {
    word = as_big_endian(word);
  }
  uint32_t v[8];  // working variables a to h
  memcpy(v, state_, sizeof v);
  for (unsigned t = 0U; t < 64U; ++t) {
    const uint32_t word = t < 16U ? words_[t] : extend(words_, t);
    const uint32_t sum1 = rotate_right(v[4], 6U) ^ rotate_right(v[4], 11U) ^ rotate_right(v[4], 25U);
    const uint32_t choose = (v[4] & v[5]) ^ (~v[4] & v[6]);
    const uint32_t first = v[7] + sum1 + choose + kSha256Rounds[t] + word;
    const uint32_t sum0 = rotate_right(v[0], 2U) ^ rotate_right(v[0], 13U) ^ rotate_right(v[0], 22U);
    const uint32_t majority = (v[0] & v[1]) | (v[2] & (v[0] | v[1]));
    v[7] = v[6];
    v[6] = v[5];
    v[5] = v[4];
    v[4] = v[3] + first;
    v[3] = v[2];
    v[2] = v[1];
    v[1] = v[0];
    v[0] = first + sum0 + majority;
  }
  for (unsigned i = 0U; i < 8U; ++i) {
    state_[i] += v[i];
  }
}

ECU_COLD void Sha256::update(Span<const uint8_t> bytes) noexcept {
  size_t held = static_cast<size_t>(length_ % kBlockSize);
  length_ += bytes.size();
  for (size_t at = 0U; at < bytes.size();) {
    const size_t wanted = kBlockSize - held;
    const size_t left = bytes.size() - at;
    const size_t taken = left < wanted ? left : wanted;
    memcpy(block() + held, bytes.data() + at, taken);
    at += taken;
    held += taken;
    if (held == kBlockSize) {
      compress();
      held = 0U;
    }
  }
}

ECU_COLD const uint8_t* Sha256::finish() noexcept {
  const uint64_t bits = length_ * 8U;
  size_t held = static_cast<size_t>(length_ % kBlockSize);
  uint8_t byte = 0x80U;
  do {
    block()[held] = byte;
    byte = 0U;
    held = (held + 1U) % kBlockSize;
    if (held == 0U) {
      compress();
    }
  } while (held != kBlockSize - 8U);
  words_[14] = as_big_endian(static_cast<uint32_t>(bits >> 32U));
  words_[15] = as_big_endian(static_cast<uint32_t>(bits & 0xffffffffU));
  compress();
  for (uint32_t& word : state_) {
    word = as_big_endian(word);
  }
  return static_cast<const uint8_t*>(static_cast<const void*>(state_));
}

ECU_COLD bool Sha256::finish_equals(const uint8_t* expected) noexcept {
  return memcmp(finish(), expected, ECU_DIGEST_SIZE) == 0;
}

ECU_COLD bool sha256_matches(Span<const uint8_t> bytes, const uint8_t* expected) noexcept {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish_equals(expected);
}

}  // namespace ecu
