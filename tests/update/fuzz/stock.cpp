/* SPDX-License-Identifier: Apache-2.0 */
#include "stock.h"

namespace ecu::test {
namespace {

struct Kind {
  bool model;
  uint32_t sequence;
  Signer signer;
  unsigned brings;
};

constexpr unsigned by(Signer signer) { return 1U << signer; }

constexpr Kind kKinds[] = {
    {true, 1, kFactory, 0},
    {true, 3, kFactory, 0},
    {true, 5, kFactory, 0},
    {true, 5, kFactory, 0},  // other content under the same sequence
    {true, 9, kFactory, 0},
    {false, 13, kLast, by(kNew)},  // that key is for models
    {true, 9, kNew, 0},
    {true, 12, kLast, 0},
    {true, 4, kLast, 0},  // older than what its key may sign
    {true, 9, kStranger, 0},
    {true, 0xfffffffeU, kFactory, 0},
    {false, 2, kFactory, by(kFactory) | by(kNew)},
    {false, 4, kFactory, by(kNew)},
    {false, 6, kNew, by(kLast)},
    {false, 7, kStranger, by(kStranger)},
    {false, 8, kFactory, 0},  // a key with the id of another one
};

ByteVector key_set_of(unsigned signers) {
  std::vector<ecu_key> keys;
  for (unsigned signer = 0; signer < kSigners; ++signer) {
    if (((signers >> signer) & 1U) != 0) {
      keys.push_back(key_of(static_cast<Signer>(signer)));
    }
  }
  if (keys.empty()) {
    keys.push_back(key_of(kNew));
    keys[0].id[0] ^= 1U;
  }
  return build_key_set(keys);
}

Item make(const Kind& kind, unsigned number) {
  Item item = {kind.model, kind.sequence, kind.signer, kind.brings, {}, {}, {}};
  if (kind.model) {
    item.payload = build_image(160 + (16 * number), 70 + number);
    item.payload.resize(item.payload.size() + 64, 0x11);  // in place of golden vectors
  } else {
    item.payload = key_set_of(kind.brings);
  }
  item.package = build_package({kind.model, kind.sequence, item.payload, key_of(kind.signer)});
  item.header.assign(item.package.begin(), item.package.end() - static_cast<ptrdiff_t>(item.payload.size()));
  return item;
}

}  // namespace

ecu_key key_of(Signer signer) {
  const uint8_t seed = static_cast<uint8_t>(1U + signer);
  return signer == kLast ? build_key(seed, kLastMinimum, ECU_KEY_FOR_MODELS) : build_key(seed, 0U);
}

const std::vector<Item>& stock() {
  static const std::vector<Item> made = [] {
    std::vector<Item> items;
    for (const Kind& kind : kKinds) {
      items.push_back(make(kind, static_cast<unsigned>(items.size())));
    }
    return items;
  }();
  return made;
}

}  // namespace ecu::test
