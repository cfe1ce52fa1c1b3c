/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  ECUs that the attacks begin with, and what is sent to them.
 */
#ifndef ECU_TESTS_UPDATE_ECUS_H
#define ECU_TESTS_UPDATE_ECUS_H

#include <string.h>

#include <algorithm>

#include "ecu.h"

namespace ecu::test {

inline const Payload kA = payload_of(1);
inline const Payload kB = payload_of(2);
inline const Payload kC = payload_of(3);
inline const Payload kHostile = payload_of(66);

inline ecu_key stranger() { return build_key(9, 0); }

/* A genuine header before bytes that it was not made for. */
inline ByteVector behind_header_of(const ByteVector& package, const ByteVector& payload) {
  ByteVector mixed = package;
  std::copy(payload.begin(), payload.end(), mixed.end() - static_cast<ptrdiff_t>(payload.size()));
  return mixed;
}

/* An ECU with this sequence confirmed in slot 1, and package 0 in slot 0. */
inline Ecu confirmed(uint32_t sequence) {
  Ecu ecu;
  ecu.update_to(kB, sequence);
  return ecu;
}

inline bool runs(const Ecu& ecu, const Payload& payload) {
  return ecu.found.image != nullptr && memcmp(ecu.found.image, payload.data(), payload.size()) == 0;
}

inline ByteVector keys_of(const ecu_key& key, uint32_t sequence, const ecu_key& signer) {
  return build_package({false, sequence, build_key_set({key}), signer});
}

/* ECC gives up a part of a journal; or it can be read again. */
inline void lose(Ecu& ecu, uint32_t address, uint32_t size) {
  for (uint32_t offset = 0; offset < size; offset += ecu.flash.geometry().unit) {
    ecu.flash.damage_bytes(address + offset);
  }
}
inline void recover(Ecu& ecu, uint32_t address, uint32_t size) {
  for (uint32_t offset = 0; offset < size; offset += ecu.flash.geometry().unit) {
    ecu.flash.recover_bytes(address + offset);
  }
}
inline void lose_sector(Ecu& ecu, unsigned sector) {
  lose(ecu, ecu.flash.journal(sector), ecu.flash.geometry().sector);
}

inline void lose_journal(Ecu& ecu) {
  lose_sector(ecu, 0);
  lose_sector(ecu, 1);
}

/* Updates enough that each sector of the journal was written many times. */
inline void grow_old(Ecu& ecu) {
  for (uint32_t sequence = 1; sequence <= 20; ++sequence) {
    ecu.update_to(sequence % 2 == 1 ? kB : kC, sequence);
  }
}

}  // namespace ecu::test
#endif
