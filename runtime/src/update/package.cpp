/* SPDX-License-Identifier: Apache-2.0 */
#include "package.h"

#include <string.h>

#include "../image/sha256.h"

namespace ecu {
namespace {

constexpr uint32_t kProfile = 1U;  // also the version of the manifest
constexpr uint32_t kImageFormat = 1U;
constexpr uint32_t kProgramFormat = 1U;
constexpr uint32_t kLeastVectors = 64U;  // bytes of golden vectors with one row of one int32 each way
constexpr uint32_t kKeySetFrame = 40U;   // bytes of a key set without its keys
constexpr uint32_t kKeySetKey = 80U;
constexpr uint8_t kEs256 = 0x26U;    // -7
constexpr uint8_t kEddsa = 0x27U;    // -8
constexpr uint8_t kEsp256 = 0x28U;   // -9
constexpr uint8_t kEd25519 = 0x32U;  // -19
constexpr uint8_t kAlgorithms[] = {kEs256, kEddsa, kEsp256, kEd25519};
constexpr size_t kProtectedSize = 14U;   // the protected header with its head,
constexpr size_t kProtectedBefore = 3U;  // and its bytes before the algorithm
constexpr size_t kDigestSize = 38U;      // the signed digest with its heads,
constexpr size_t kDigestBefore = 6U;     // and its bytes before SHA-256
constexpr size_t kNameSize = 5U;
constexpr char kNames[2][kNameSize + 1U] = {"model", "trust"};

// Major types in the high bits of an initial byte.
constexpr uint8_t kUint = 0x00U;
constexpr uint8_t kBytes = 0x40U;
constexpr uint8_t kArray = 0x80U;

// What stands in a template beside bytes that are compared as they are; no such byte is in a package.
constexpr uint8_t kOpen = 0xe0U;       // the head of a string whose content follows
constexpr uint8_t kClose = 0xe1U;      // the end of that content
constexpr uint8_t kHole = 0xe2U;       // then which, size: any bytes
constexpr uint8_t kNumber = 0xe3U;     // then which, major type, largest value or 0: a head
constexpr uint8_t kName = 0xe4U;       // the name of the kind of package
constexpr uint8_t kVersion = 0xe5U;    // a version
constexpr uint8_t kAlgorithm = 0xe6U;  // one of kAlgorithms
constexpr uint8_t kEnd = 0xe7U;

}  // namespace

class TemplateReader {
 public:
  TemplateReader(Bytes bytes, PackageHeader& header) noexcept : bytes_(bytes), header_(header) {}

  [[nodiscard]] ecu_status read() noexcept;

 private:
  using H = PackageHeader;

  static const uint8_t kEnvelope[];
  static const uint8_t kModelFacts[];
  static const uint8_t kHardware[];
  static const uint8_t kTrustFacts[];
  static const uint8_t kPayload[];

  [[nodiscard]] bool fail(ecu_status status) noexcept {
    status_ = status;
    return false;
  }
  [[nodiscard]] const uint8_t* take(uint32_t count) noexcept;
  [[nodiscard]] bool literal(uint8_t byte, ecu_status wrong) noexcept;
  [[nodiscard]] bool head(uint8_t major, uint32_t& value) noexcept;
  [[nodiscard]] bool name() noexcept;
  [[nodiscard]] bool algorithm() noexcept;
  [[nodiscard]] bool number(const uint8_t* parameters) noexcept;
  [[nodiscard]] bool step(const uint8_t*& next) noexcept;
  [[nodiscard]] bool match(const uint8_t* next) noexcept;
  [[nodiscard]] bool model_facts() noexcept;
  [[nodiscard]] bool facts() noexcept;
  [[nodiscard]] bool payload() noexcept;
  [[nodiscard]] bool payload_fits() const noexcept;

  Bytes bytes_;
  PackageHeader& header_;
  uint32_t at_ = 0U;
  uint32_t limit_ = ECU_PACKAGE_HEADER_SIZE;  // no byte at or after it is read
  ecu_status beyond_ = ECU_PACKAGE_TOO_LONG;  // what to say where one would be
  uint32_t ends_[3] = {};                     // of the open strings
  uint32_t depth_ = 0U;
  bool named_ = false;  // the kind is known
  ecu_status status_ = ECU_OK;
};

// clang-format off
const uint8_t TemplateReader::kEnvelope[] = {
    0xd8, 0x6b, 0xa4, 0x02, kOpen, 0x82,                     // envelope; authentication
    0x58, 0x24, 0x82, 0x2f, 0x58, 0x20, kHole, H::kDigest, 32,
    kOpen, 0xd2, 0x84, 0x4d, 0xa2, 0x01, kAlgorithm, 0x04, 0x48, kHole, H::kKeyId, 8,
    0xa0, 0xf6, 0x58, 0x40, kHole, H::kSignature, 64, kClose, kClose,
    0x03, kHole, H::kManifest, 0, kOpen, 0xa5, 0x01, kVersion,
    0x02, kNumber, H::kSequence, kUint, 0,
    0x03, kOpen, 0xa2, 0x02, 0x82,                           // common part: components
    0x81, 0x45, 'f', 'a', 'c', 't', 's', 0x81, 0x45, kName,
    0x04, kOpen, 0x90, 0x0c, 0xf5,                           // shared sequence: ids
    0x14, 0xa2, 0x01, 0x50, kHole, H::kVendorId, 16, 0x02, 0x50, kHole, H::kClassId, 16,
    0x01, 0x0f, 0x02, 0x0f,
    0x0c, 0x00, 0x14, 0xa2, 0x03, 0x58, 0x24, 0x82, 0x2f, 0x58, 0x20, kHole, H::kFactsDigest, 32,
    0x0e, kNumber, H::kFactsSize, kUint, 0,
    0x0c, 0x01, 0x14, 0xa2, 0x03, 0x58, 0x24, 0x82, 0x2f, 0x58, 0x20, kHole, H::kPayloadDigest, 32,
    0x0e, kNumber, H::kPayloadSize, kUint, 0, kClose, kClose,
    0x07, 0x45, 0x84, 0x0c, 0xf5, 0x03, 0x0f,                // validate
    0x14, 0x58, 0x21, 0x90,                                  // install
    0x0c, 0x00, 0x14, 0xa1, 0x15, 0x66, '#', 'f', 'a', 'c', 't', 's', 0x15, 0x0f, 0x03, 0x0f,
    0x0c, 0x01, 0x14, 0xa1, 0x15, 0x66, '#', kName, 0x15, 0x0f, 0x03, 0x0f, kClose,
    kHole, H::kManifestEnd, 0, 0x66, '#', 'f', 'a', 'c', 't', 's', kEnd};

const uint8_t TemplateReader::kModelFacts[] = {
    0x82, 0x8a, kVersion, kNumber, H::kImageKind, kUint, 0, kNumber, H::kImageFormat, kUint, 0,
    kNumber, H::kProgramFormat, kUint, 0, 0x58, 0x20, kHole, H::kInterfaceHash, 32,
    kNumber, H::kArenaSize, kUint, 0, kNumber, H::kStackSize, kUint, 0, kNumber, H::kImageSize, kUint, 0,
    kNumber, H::kKernelsSize, kBytes, 32, kHole, H::kKernels, 0, kEnd};

const uint8_t TemplateReader::kHardware[] = {kNumber, H::kHardwareCount, kArray, 4, kEnd};

const uint8_t TemplateReader::kTrustFacts[] = {0x82, 0x81, kVersion, kEnd};

const uint8_t TemplateReader::kPayload[] = {0x66, '#', kName, kEnd};
// clang-format on

/* The next bytes; null, with a status, where they may not be or are not there. */
const uint8_t* TemplateReader::take(uint32_t count) noexcept {
  if (count > limit_ - at_) {
    status_ = beyond_;
    return nullptr;
  }
  if (count > bytes_.size() - at_) {
    status_ = ECU_PACKAGE_TRUNCATED;
    return nullptr;
  }
  at_ += count;
  return bytes_.data() + (at_ - count);
}

bool TemplateReader::literal(uint8_t byte, ecu_status wrong) noexcept {
  const uint8_t* const found = take(1U);
  return found != nullptr && (*found == byte || fail(wrong));
}

/* Initial byte and argument, in the shortest form. */
bool TemplateReader::head(uint8_t major, uint32_t& value) noexcept {
  const uint8_t* bytes = take(1U);
  if (bytes == nullptr) {
    return false;
  }
  const uint32_t code = *bytes & 0x1fU;
  if ((*bytes & 0xe0U) != major || code > 26U) {
    return fail(ECU_PACKAGE_MALFORMED);
  }
  value = code;
  if (code < 24U) {
    return true;
  }
  const uint32_t count = 1U << (code - 24U);
  bytes = take(count);
  if (bytes == nullptr) {
    return false;
  }
  value = 0U;
  for (uint32_t i = 0U; i < count; ++i) {
    value = (value << 8U) | bytes[i];
  }
  return value >= (count == 1U ? 24U : 1U << (4U * count)) || fail(ECU_PACKAGE_MALFORMED);
}

/* At the first place any kind, at the others the same. */
bool TemplateReader::name() noexcept {
  if (!named_) {
    named_ = true;
    const bool trust = at_ < bytes_.size() && bytes_[at_] == static_cast<uint8_t>(kNames[1][0]);
    header_.kind_ = trust ? PackageKind::kTrust : PackageKind::kModel;
  }
  for (size_t i = 0U; i < kNameSize; ++i) {
    const char letter = kNames[static_cast<size_t>(header_.kind_)][i];
    if (!literal(static_cast<uint8_t>(letter), ECU_PACKAGE_MALFORMED)) {
      return false;
    }
  }
  return true;
}

bool TemplateReader::algorithm() noexcept {
  const uint8_t* const byte = take(1U);
  if (byte == nullptr) {
    return false;
  }
  header_.offsets_[H::kAlgorithm] = static_cast<uint16_t>(at_ - 1U);
  return memchr(kAlgorithms, *byte, sizeof kAlgorithms) != nullptr || fail(ECU_PACKAGE_BAD_ALGORITHM);
}

bool TemplateReader::number(const uint8_t* parameters) noexcept {
  uint32_t& value = header_.numbers_[parameters[0]];
  if (!head(parameters[1], value)) {
    return false;
  }
  const bool right =
      (parameters[2] == 0U || value <= parameters[2]) && (value > 0U || parameters[0] != H::kSequence);
  return right || fail(ECU_PACKAGE_MALFORMED);
}

/* One operation or byte of a template. */
bool TemplateReader::step(const uint8_t*& next) noexcept {
  const uint8_t operation = *next;
  ++next;
  switch (operation) {
    case kOpen: {
      uint32_t size = 0U;
      const bool right = head(kBytes, size);
      ends_[depth_] = at_ + size;  // a sum beyond 32 bits is below at_, and never reached either
      ++depth_;
      return right;
    }
    case kClose:
      --depth_;
      return at_ == ends_[depth_] || fail(ECU_PACKAGE_MALFORMED);
    case kHole:
      header_.offsets_[next[0]] = static_cast<uint16_t>(at_);
      next += 2;
      return take(next[-1]) != nullptr;
    case kNumber:
      next += 3;
      return number(next - 3);
    case kName:
      return name();
    case kVersion:
      return literal(kProfile, ECU_PACKAGE_BAD_VERSION);
    case kAlgorithm:
      return algorithm();
    default:
      return literal(operation, at_ < 4U ? ECU_PACKAGE_BAD_MAGIC : ECU_PACKAGE_MALFORMED);
  }
}

bool TemplateReader::match(const uint8_t* next) noexcept {
  while (*next != kEnd) {
    if (!step(next)) {
      return false;
    }
  }
  return true;
}

bool TemplateReader::model_facts() noexcept {
  if (!match(kModelFacts)) {
    return false;
  }
  const uint32_t size = header_.numbers_[H::kKernelsSize];
  const uint8_t* const kernels = take(size);
  if (kernels == nullptr) {
    return false;
  }
  if (size > 0U && kernels[size - 1U] == 0U) {
    return fail(ECU_PACKAGE_MALFORMED);
  }
  if (!match(kHardware)) {
    return false;
  }
  for (uint32_t i = 0U; i < header_.numbers_[H::kHardwareCount]; ++i) {
    if (!head(kUint, header_.numbers_[H::kHardware + i])) {
      return false;
    }
  }
  return true;
}

/* The facts, which are read when all of them are there; what follows the part for the device is skipped. */
bool TemplateReader::facts() noexcept {
  uint32_t size = 0U;
  if (!head(kBytes, size)) {
    return false;
  }
  if (size != header_.numbers_[H::kFactsSize]) {
    return fail(ECU_PACKAGE_MALFORMED);
  }
  const uint32_t start = at_;
  if (take(size) == nullptr) {
    return false;
  }
  header_.offsets_[H::kFacts] = static_cast<uint16_t>(start);
  limit_ = at_;
  beyond_ = ECU_PACKAGE_MALFORMED;
  at_ = start;
  const bool model = header_.kind_ == PackageKind::kModel;
  if (!(model ? model_facts() : match(kTrustFacts)) || take(1U) == nullptr) {
    return false;
  }
  at_ = limit_;
  limit_ = ECU_PACKAGE_HEADER_SIZE;
  beyond_ = ECU_PACKAGE_TOO_LONG;
  return true;
}

bool TemplateReader::payload_fits() const noexcept {
  const uint32_t size = header_.payload_size();
  if (header_.kind_ == PackageKind::kTrust) {
    return (size - kKeySetFrame) % kKeySetKey == 0U && size - kKeySetFrame - 1U < kKeySetKey * ECU_KEY_LIMIT;
  }
  const uint32_t image = (size - kLeastVectors) / ECU_IMAGE_ALIGNMENT * ECU_IMAGE_ALIGNMENT;  // at most
  return size >= kLeastVectors && header_.image_size() <= image;
}

bool TemplateReader::payload() noexcept {
  uint32_t size = 0U;
  if (!match(kPayload) || !head(kBytes, size)) {
    return false;
  }
  header_.size_ = static_cast<uint16_t>(at_);
  return (size == header_.payload_size() && payload_fits()) || fail(ECU_PACKAGE_MALFORMED);
}

ecu_status TemplateReader::read() noexcept {
  header_ = PackageHeader{};
  header_.bytes_ = bytes_.data();
  return match(kEnvelope) && facts() && payload() ? ECU_OK : status_;
}

ecu_status read_header(Bytes bytes, PackageHeader& header) noexcept {
  return TemplateReader(bytes, header).read();
}

namespace {

/* Sig_structure of RFC 9052: the protected header and the signed digest as they stand in the package. */
class SignedMessage {
 public:
  SignedMessage(const uint8_t* protected_header, const uint8_t* digest) noexcept {
    memcpy(bytes_, kContext, sizeof kContext);
    memcpy(bytes_ + sizeof kContext, protected_header, kProtectedSize);
    bytes_[sizeof kContext + kProtectedSize] = 0x40U;  // no external data
    memcpy(bytes_ + (sizeof bytes_ - kDigestSize), digest, kDigestSize);
  }

  [[nodiscard]] Bytes bytes() const noexcept { return Bytes(bytes_, sizeof bytes_); }

 private:
  static constexpr uint8_t kContext[] = {0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1'};

  uint8_t bytes_[sizeof kContext + kProtectedSize + 1U + kDigestSize];
};

const ecu_key* find_key(Span<const ecu_key> keys, const uint8_t* id) noexcept {
  for (const ecu_key& key : keys) {
    if (memcmp(key.id, id, kKeyIdSize) == 0) {
      return &key;
    }
  }
  return nullptr;
}

bool kernels_linked(Bytes needed, const ecu_device& device) noexcept {
  for (size_t i = 0U; i < needed.size(); ++i) {
    const unsigned there = i < device.kernels_size ? device.kernels[i] : 0U;
    if ((needed[i] & ~there) != 0U) {
      return false;
    }
  }
  return true;
}

bool for_hardware(Span<const uint32_t> ids, uint32_t id) noexcept {
  bool found = ids.size() == 0U;
  for (const uint32_t one : ids) {
    found = found || one == id;
  }
  return found;
}

}  // namespace

ecu_status check_signature(const PackageHeader& header, Span<const ecu_key> keys, ecu_verify verify,
                           void* context) noexcept {
  using H = PackageHeader;
  const size_t manifest = header.offsets_[H::kManifest];
  const size_t manifest_size = header.offsets_[H::kManifestEnd] - manifest;
  if (!sha256_matches(Bytes(header.bytes_ + manifest, manifest_size), header.at(H::kDigest)) ||
      !sha256_matches(header.facts(), header.at(H::kFactsDigest))) {
    return ECU_PACKAGE_BAD_DIGEST;
  }
  const ecu_key* const key = find_key(keys, header.key_id());
  if (key == nullptr) {
    return ECU_PACKAGE_UNKNOWN_KEY;
  }
  const uint8_t algorithm = *header.at(H::kAlgorithm);
  const ecu_key_kind kind = algorithm == kEs256 || algorithm == kEsp256 ? ECU_KEY_P256 : ECU_KEY_ED25519;
  if (key->kind != kind) {
    return ECU_PACKAGE_BAD_ALGORITHM;
  }
  const SignedMessage message(header.at(H::kAlgorithm) - kProtectedBefore,
                              header.at(H::kDigest) - kDigestBefore);
  const Bytes bytes = message.bytes();
  const ecu_status status =
      verify(context, kind, key->public_key, bytes.data(), bytes.size(), header.signature());
  if (status != ECU_OK) {
    return status;
  }
  return header.sequence() < key->minimum ? ECU_PACKAGE_KEY_RETIRED : ECU_OK;
}

ecu_status check_addressee(const PackageHeader& header, const ecu_device& device) noexcept {
  if (memcmp(header.vendor_id(), device.vendor_id, sizeof device.vendor_id) != 0) {
    return ECU_PACKAGE_WRONG_VENDOR;
  }
  if (memcmp(header.class_id(), device.class_id, sizeof device.class_id) != 0) {
    return ECU_PACKAGE_WRONG_CLASS;
  }
  return for_hardware(header.hardware(), device.hardware_id) ? ECU_OK : ECU_PACKAGE_WRONG_HARDWARE;
}

ecu_status check_needs(const PackageHeader& header, const ecu_device& device) noexcept {
  if (header.kind() == PackageKind::kTrust) {
    return ECU_OK;
  }
  const uint32_t program = device.engine == ECU_ENGINE_NATIVE ? kProgramFormat : 0U;
  if (header.image_kind() != device.engine || header.image_format() != kImageFormat ||
      header.program_format() != program) {
    return ECU_PACKAGE_WRONG_FORMAT;
  }
  if (memcmp(header.interface_hash(), device.interface_hash, ECU_DIGEST_SIZE) != 0) {
    return ECU_PACKAGE_WRONG_INTERFACE;
  }
  if (!kernels_linked(header.kernels(), device)) {
    return ECU_PACKAGE_KERNEL_MISSING;
  }
  if (header.arena_size() > device.arena_size) {
    return ECU_PACKAGE_ARENA_TOO_SMALL;
  }
  const bool deep = device.stack_size > 0U && header.stack_size() > device.stack_size;
  return deep ? ECU_PACKAGE_STACK_TOO_SMALL : ECU_OK;
}

}  // namespace ecu
