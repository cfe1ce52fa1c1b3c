/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  A native model image taken apart and put together again, so that a mutation of one part leaves offsets,
 *  sizes and digests right. Formats: docs/model_image.md, docs/native_engine.md.
 */
#ifndef ECU_TESTS_NATIVE_FUZZ_IMAGE_PARTS_H
#define ECU_TESTS_NATIVE_FUZZ_IMAGE_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include <vector>

namespace ecu::test {

using ByteList = std::vector<uint8_t>;

/** What an image consists of. */
struct ImageParts {
  ByteList header;      // 112 bytes, as they were
  ByteList texts;       // name and version
  ByteList interface_;  // inputs and outputs
  ByteList head;        // 32 bytes at the start of the program, as they were
  ByteList operations;
  ByteList constants;
};

/** Takes an image apart; false when its sections are not where they should be. */
[[nodiscard]] bool split(const uint8_t* data, size_t size, ImageParts& parts);

/** Puts an image together: offsets, sizes, the number of operations, and an arena that suffices for the
 * stated workspace. Fields without such a meaning stay as they were; digests are left to `seal`. */
[[nodiscard]] ByteList join(const ImageParts& parts);

/** Writes the digests that the bytes call for, as far as their places are inside; the rest stays. */
void seal(uint8_t* image, size_t size);

}  // namespace ecu::test
#endif
