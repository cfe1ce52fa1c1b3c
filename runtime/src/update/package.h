/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  What stands before the payload of an update package (docs/update_package.md), and its checks. Packages are
 *  hostile: the bytes are compared with a template that has holes, one after the other; nothing is
 * interpreted.
 *
 *  The checks have this order, and each has statuses of its own:
 *  read_header, check_digests, then the key, which the key set knows, check_signature, check_addressee, then
 *  counter and size, which the slots know, check_needs.
 */
#ifndef ECU_SRC_UPDATE_PACKAGE_H
#define ECU_SRC_UPDATE_PACKAGE_H

#include <stddef.h>
#include <stdint.h>

#include "../image/reader.h"
#include "../span.h"
#include "ecu/update.h"

namespace ecu {

/** What a package brings. */
enum class PackageKind : uint8_t { kModel = 0, kTrust = 1 };

/** Bytes of a key id. */
constexpr size_t kKeyIdSize = 8U;

/** The fields of a package header. Pointers and spans point into the bytes that it was read from. */
class PackageHeader {
 public:
  [[nodiscard]] uint32_t size() const noexcept { return size_; }  // bytes before those of the payload
  [[nodiscard]] PackageKind kind() const noexcept { return kind_; }
  [[nodiscard]] uint32_t sequence() const noexcept { return numbers_[kSequence]; }
  [[nodiscard]] uint32_t payload_size() const noexcept { return numbers_[kPayloadSize]; }
  [[nodiscard]] const uint8_t* payload_digest() const noexcept { return at(kPayloadDigest); }
  [[nodiscard]] const uint8_t* vendor_id() const noexcept { return at(kVendorId); }
  [[nodiscard]] const uint8_t* class_id() const noexcept { return at(kClassId); }
  [[nodiscard]] const uint8_t* key_id() const noexcept { return bytes_ + kKeyId; }
  [[nodiscard]] const uint8_t* signature() const noexcept { return bytes_ + kSignature; }
  [[nodiscard]] Bytes facts() const noexcept { return Bytes(at(kFacts), numbers_[kFactsSize]); }

  // The facts of a model package; zero or empty in a package with keys.
  [[nodiscard]] uint32_t image_kind() const noexcept { return numbers_[kImageKind]; }  // an ecu_engine_id
  [[nodiscard]] uint32_t image_format() const noexcept { return numbers_[kImageFormat]; }
  [[nodiscard]] uint32_t program_format() const noexcept { return numbers_[kProgramFormat]; }
  [[nodiscard]] uint32_t arena_size() const noexcept { return numbers_[kArenaSize]; }
  [[nodiscard]] uint32_t stack_size() const noexcept { return numbers_[kStackSize]; }
  [[nodiscard]] uint32_t image_size() const noexcept { return numbers_[kImageSize]; }
  [[nodiscard]] const uint8_t* interface_hash() const noexcept { return at(kInterfaceHash); }
  [[nodiscard]] Bytes kernels() const noexcept { return Bytes(at(kKernels), numbers_[kKernelsSize]); }
  [[nodiscard]] Span<const uint32_t> hardware() const noexcept {
    return Span<const uint32_t>(numbers_ + kHardware, numbers_[kHardwareCount]);
  }

 private:
  friend class TemplateReader;
  friend ecu_status check_digests(const PackageHeader&) noexcept;
  friend ecu_status check_signature(const PackageHeader&, const ecu_key&, ecu_verify, void*) noexcept;

  enum Number : uint8_t {
    kSequence,
    kFactsSize,
    kPayloadSize,
    kImageKind,
    kImageFormat,
    kProgramFormat,
    kArenaSize,
    kStackSize,
    kImageSize,
    kKernelsSize,
    kHardwareCount,
    kHardware,
    kNumbers = kHardware + 4U
  };
  // Offsets of what stands before everything that varies in length.
  static constexpr uint32_t kDigest = 0x0dU;
  static constexpr uint32_t kAlgorithm = 0x34U;
  static constexpr uint32_t kKeyId = 0x37U;
  static constexpr uint32_t kSignature = 0x43U;
  static constexpr uint32_t kManifest = 0x84U;  // with the head that wraps it

  enum Hole : uint8_t {
    kVendorId,
    kClassId,
    kFactsDigest,
    kPayloadDigest,
    kManifestEnd,
    kFacts,
    kInterfaceHash,
    kKernels,
    kHoles
  };

  [[nodiscard]] const uint8_t* at(Hole hole) const noexcept { return bytes_ + offsets_[hole]; }

  const uint8_t* bytes_;
  uint16_t offsets_[kHoles];
  uint16_t size_;
  PackageKind kind_;
  uint32_t numbers_[kNumbers];
};

/** Compares the start of a package with the template.
 *
 *  @param bytes  the package from its start on, as far as it is there; more than the header is allowed
 *  @param header filled when the status is ECU_OK, else not to be used
 *
 *  @return ECU_PACKAGE_TRUNCATED while all bytes are right and more are needed; ECU_OK; or, for the first
 * wrong byte, ECU_PACKAGE_BAD_MAGIC, _BAD_VERSION, _BAD_ALGORITHM, _TOO_LONG or _MALFORMED
 */
[[nodiscard]] ecu_status read_header(Bytes bytes, PackageHeader& header) noexcept;

/** Whether manifest and facts are those of the signed digest: ECU_OK or ECU_PACKAGE_BAD_DIGEST. */
[[nodiscard]] ecu_status check_digests(const PackageHeader& header) noexcept;

/** Checks the signature, after the digests.
 *
 *  @param key     the one with the key id of the header
 *  @param verify  called once at most
 *  @param context passed to verify
 *
 *  @return ECU_OK, ECU_PACKAGE_BAD_ALGORITHM, what verify says, ECU_PACKAGE_WRONG_USE or _KEY_RETIRED
 */
[[nodiscard]] ecu_status check_signature(const PackageHeader& header, const ecu_key& key, ecu_verify verify,
                                         void* context) noexcept;

/** Whether the package is for this device: ECU_OK, ECU_PACKAGE_WRONG_VENDOR, _WRONG_CLASS or _WRONG_HARDWARE.
 */
[[nodiscard]] ecu_status check_addressee(const PackageHeader& header, const ecu_device& device) noexcept;

/** Whether this device can run the model; ECU_OK for a package with keys.
 *
 *  @return ECU_OK, ECU_PACKAGE_WRONG_FORMAT, _WRONG_INTERFACE, _KERNEL_MISSING, _ARENA_TOO_SMALL or
 *          _STACK_TOO_SMALL
 */
[[nodiscard]] ecu_status check_needs(const PackageHeader& header, const ecu_device& device) noexcept;

}  // namespace ecu
#endif
