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
constexpr uint8_t kEs256 = 0x26U;        // -7; next is -8, EdDSA
constexpr uint8_t kEsp256 = 0x28U;       // -9
constexpr uint8_t kEd25519 = 0x32U;      // -19
constexpr size_t kProtectedSize = 14U;   // the protected header with its head,
constexpr size_t kProtectedBefore = 3U;  // and its bytes before the algorithm
constexpr size_t kDigestSize = 38U;      // the signed digest with its heads,
constexpr size_t kDigestBefore = 6U;     // and its bytes before SHA-256
constexpr uint32_t kMagicSize = 4U;
constexpr uint32_t kMostKernelBytes = 32U;
constexpr uint32_t kMostIds = 4U;
constexpr size_t kNameSize = 5U;
constexpr char kNames[2][kNameSize + 1U] = {"model", "trust"};

// Major types in the high bits of an initial byte.
constexpr uint8_t kUint = 0x00U;
constexpr uint8_t kBytes = 0x40U;
constexpr uint8_t kArray = 0x80U;

// What stands in a template beside bytes that are compared as they are; no such byte is in a package.
constexpr uint8_t kClose = 0xe0U;      // the end of the content of a string
constexpr uint8_t kSkip = 0xe1U;       // then size: any bytes
constexpr uint8_t kHole = 0xe2U;       // then which, size: any bytes, to be found again
constexpr uint8_t kName = 0xe3U;       // the name of the kind of package
constexpr uint8_t kVersion = 0xe4U;    // a version
constexpr uint8_t kAlgorithm = 0xe5U;  // of a signature
constexpr uint8_t kRest = 0xe6U;       // what is left of the facts; goes on with the template of the payload
constexpr uint8_t kEnd = 0xe7U;

// These begin with a head, the first with that of an integer, the next of an array, the others of a string.
constexpr uint8_t kNumber = 0xe8U;   // then which: the value
constexpr uint8_t kIds = 0xe9U;      // hardware ids
constexpr uint8_t kOpen = 0xeaU;     // the content up to kClose
constexpr uint8_t kFacts = 0xebU;    // the facts; goes on with the template of their kind
constexpr uint8_t kKernels = 0xecU;  // the bits of kernels
constexpr uint8_t kPayload = 0xedU;  // nothing: the payload follows

}  // namespace

class TemplateReader {
 public:
  TemplateReader(Bytes bytes, PackageHeader& header) noexcept : bytes_(bytes), header_(header) {}

  [[nodiscard]] ecu_status read() noexcept;

 private:
  using H = PackageHeader;

  static const uint8_t kEnvelope[];
  static const uint8_t kModelFacts[];
  static const uint8_t kTrustFacts[];
  static const uint8_t kLast[];

  [[nodiscard]] bool fail(ecu_status status) noexcept {
    status_ = status;
    return false;
  }
  [[nodiscard]] const uint8_t* take(uint32_t count) noexcept;
  [[nodiscard]] bool literal(uint8_t byte, ecu_status wrong) noexcept;
  [[nodiscard]] bool head(uint8_t major) noexcept;
  [[nodiscard]] bool name() noexcept;
  [[nodiscard]] bool algorithm() noexcept;
  [[nodiscard]] bool facts() noexcept;
  [[nodiscard]] bool kernels() noexcept;
  [[nodiscard]] bool ids() noexcept;
  [[nodiscard]] bool rest() noexcept;
  [[nodiscard]] bool payload() noexcept;
  [[nodiscard]] bool payload_fits() const noexcept;
  [[nodiscard]] bool begin(uint8_t operation) noexcept;
  [[nodiscard]] bool step(uint8_t operation) noexcept;

  void mark(uint8_t hole) noexcept { header_.offsets_[hole] = static_cast<uint16_t>(at_); }
  [[nodiscard]] bool is_model() const noexcept { return header_.kind_ == PackageKind::kModel; }

  Bytes bytes_;
  PackageHeader& header_;
  const uint8_t* next_ = kEnvelope;  // in the template
  uint32_t at_ = 0U;
  uint32_t argument_ = 0U;                    // of the last head
  uint32_t limit_ = ECU_PACKAGE_HEADER_SIZE;  // no byte at or after it is read
  ecu_status beyond_ = ECU_PACKAGE_TOO_LONG;  // what to say where one would be
  bool named_ = false;                        // the kind is known
  ecu_status status_ = ECU_OK;
  uint32_t depth_ = 0U;  // open strings
  uint32_t ends_[3] = {};
};

// clang-format off
const uint8_t TemplateReader::kEnvelope[] = {
    0xd8, 0x6b, 0xa4, 0x02, kOpen, 0x82,                     // envelope; authentication
    0x58, 0x24, 0x82, 0x2f, 0x58, 0x20, kSkip, 32,
    kOpen, 0xd2, 0x84, 0x4d, 0xa2, 0x01, kAlgorithm, 0x04, 0x48, kSkip, 8,
    0xa0, 0xf6, 0x58, 0x40, kSkip, 64, kClose, kClose,
    0x03, kOpen, 0xa5, 0x01, kVersion,
    0x02, kNumber, H::kSequence,
    0x03, kOpen, 0xa2, 0x02, 0x82,                           // common part: components
    0x81, 0x45, 'f', 'a', 'c', 't', 's', 0x81, 0x45, kName,
    0x04, kOpen, 0x90, 0x0c, 0xf5,                           // shared sequence: ids
    0x14, 0xa2, 0x01, 0x50, kHole, H::kVendorId, 16, 0x02, 0x50, kHole, H::kClassId, 16,
    0x01, 0x0f, 0x02, 0x0f,
    0x0c, 0x00, 0x14, 0xa2, 0x03, 0x58, 0x24, 0x82, 0x2f, 0x58, 0x20, kHole, H::kFactsDigest, 32,
    0x0e, kNumber, H::kFactsSize,
    0x0c, 0x01, 0x14, 0xa2, 0x03, 0x58, 0x24, 0x82, 0x2f, 0x58, 0x20, kHole, H::kPayloadDigest, 32,
    0x0e, kNumber, H::kPayloadSize, kClose, kClose,
    0x07, 0x45, 0x84, 0x0c, 0xf5, 0x03, 0x0f,                // validate
    0x14, 0x58, 0x21, 0x90,                                  // install
    0x0c, 0x00, 0x14, 0xa1, 0x15, 0x66, '#', 'f', 'a', 'c', 't', 's', 0x15, 0x0f, 0x03, 0x0f,
    0x0c, 0x01, 0x14, 0xa1, 0x15, 0x66, '#', kName, 0x15, 0x0f, 0x03, 0x0f, kClose,
    kHole, H::kManifestEnd, 0, 0x66, '#', 'f', 'a', 'c', 't', 's', kFacts};

const uint8_t TemplateReader::kModelFacts[] = {
    0x82, 0x8a, kVersion, kNumber, H::kImageKind, kNumber, H::kImageFormat, kNumber, H::kProgramFormat,
    0x58, 0x20, kHole, H::kInterfaceHash, 32, kNumber, H::kArenaSize, kNumber, H::kStackSize,
    kNumber, H::kImageSize, kKernels, kIds, kRest};

const uint8_t TemplateReader::kTrustFacts[] = {0x82, 0x81, kVersion, kRest};

const uint8_t TemplateReader::kLast[] = {0x66, '#', kName, kPayload, kEnd};
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
bool TemplateReader::head(uint8_t major) noexcept {
  const uint8_t* bytes = take(1U);
  if (bytes == nullptr) {
    return false;
  }
  uint32_t value = *bytes & 0x1fU;
  uint32_t least = 0U;
  if ((*bytes & 0xe0U) != major || value > 26U) {
    return fail(ECU_PACKAGE_MALFORMED);
  }
  if (value >= 24U) {
    uint32_t count = 1U << (value - 24U);
    bytes = take(count);
    if (bytes == nullptr) {
      return false;
    }
    least = count == 1U ? 24U : 1U << (4U * count);
    value = 0U;
    for (; count > 0U; --count) {
      value = (value << 8U) | *bytes;
      ++bytes;
    }
  }
  argument_ = value;
  return value >= least || fail(ECU_PACKAGE_MALFORMED);
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
  const bool known = (*byte >= kEs256 && *byte <= kEsp256) || *byte == kEd25519;
  return known || fail(ECU_PACKAGE_BAD_ALGORITHM);
}

/* The facts, which are read when all of them are there. */
bool TemplateReader::facts() noexcept {
  const uint32_t size = argument_;
  if (size != header_.numbers_[H::kFactsSize]) {
    return fail(ECU_PACKAGE_MALFORMED);
  }
  mark(H::kFacts);
  if (take(size) == nullptr) {
    return false;
  }
  limit_ = at_;
  beyond_ = ECU_PACKAGE_MALFORMED;
  at_ -= size;
  next_ = is_model() ? kModelFacts : kTrustFacts;
  return true;
}

bool TemplateReader::kernels() noexcept {
  const uint32_t size = argument_;
  header_.numbers_[H::kKernelsSize] = size;
  mark(H::kKernels);
  const uint8_t* const bits = take(size);
  return bits != nullptr && size <= kMostKernelBytes && (size == 0U || bits[size - 1U] != 0U);
}

bool TemplateReader::ids() noexcept {
  uint32_t* next = header_.numbers_ + H::kHardwareCount;
  *next = argument_;
  if (argument_ > kMostIds) {
    return fail(ECU_PACKAGE_MALFORMED);
  }
  for (uint32_t left = argument_; left > 0U; --left) {
    if (!head(kUint)) {
      return false;
    }
    ++next;
    *next = argument_;
  }
  return true;
}

/* The part of the facts that is not for the device, at least a byte. */
bool TemplateReader::rest() noexcept {
  if (take(1U) == nullptr) {
    return false;
  }
  at_ = limit_;
  limit_ = ECU_PACKAGE_HEADER_SIZE;
  beyond_ = ECU_PACKAGE_TOO_LONG;
  next_ = kLast;
  return true;
}

bool TemplateReader::payload_fits() const noexcept {
  const uint32_t size = header_.payload_size();
  if (!is_model()) {
    return (size - kKeySetFrame) % kKeySetKey == 0U && size - kKeySetFrame - 1U < kKeySetKey * ECU_KEY_LIMIT;
  }
  const uint32_t image = (size - kLeastVectors) / ECU_IMAGE_ALIGNMENT * ECU_IMAGE_ALIGNMENT;  // at most
  return size >= kLeastVectors && header_.image_size() <= image;
}

bool TemplateReader::payload() noexcept {
  header_.size_ = static_cast<uint16_t>(at_);
  return argument_ == header_.payload_size() && payload_fits();
}

/* The head of those operations that begin with one. */
bool TemplateReader::begin(uint8_t operation) noexcept {
  if (operation < kNumber || operation > kPayload) {
    return true;
  }
  return head(operation == kNumber ? kUint : operation == kIds ? kArray : kBytes);
}

/* One operation or byte of the template. */
bool TemplateReader::step(uint8_t operation) noexcept {
  switch (operation) {
    case kOpen:
      ends_[depth_] = at_ + argument_;  // a sum beyond 32 bits is below at_, and never reached either
      ++depth_;
      return true;
    case kClose:
      --depth_;
      return at_ == ends_[depth_] || fail(ECU_PACKAGE_MALFORMED);
    case kHole:
      mark(*next_);
      ++next_;
      [[fallthrough]];
    case kSkip:
      ++next_;
      return take(next_[-1]) != nullptr;
    case kNumber:
      header_.numbers_[*next_] = argument_;
      ++next_;
      return header_.sequence() != 0U || fail(ECU_PACKAGE_MALFORMED);
    case kName:
      return name();
    case kVersion:
      return literal(kProfile, ECU_PACKAGE_BAD_VERSION);
    case kAlgorithm:
      return algorithm();
    case kFacts:
      return facts();
    case kKernels:
      return kernels() || fail(ECU_PACKAGE_MALFORMED);
    case kIds:
      return ids();
    case kRest:
      return rest();
    case kPayload:
      return payload() || fail(ECU_PACKAGE_MALFORMED);
    default:
      return literal(operation, at_ < kMagicSize ? ECU_PACKAGE_BAD_MAGIC : ECU_PACKAGE_MALFORMED);
  }
}

ecu_status TemplateReader::read() noexcept {
  header_ = PackageHeader{};
  header_.bytes_ = bytes_.data();
  uint8_t operation = *next_;
  while (operation != kEnd) {
    ++next_;
    if (!begin(operation) || !step(operation)) {
      return status_;
    }
    operation = *next_;
  }
  return ECU_OK;
}

ecu_status read_header(Bytes bytes, PackageHeader& header) noexcept {
  return TemplateReader(bytes, header).read();
}

namespace {

constexpr uint8_t kContext[] = {0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1'};
constexpr size_t kMessageSize = sizeof kContext + kProtectedSize + 1U + kDigestSize;

/* Not inlined: three copies of some bytes each. */
[[gnu::noinline]] uint8_t* copy(uint8_t* to, const uint8_t* from, size_t size) noexcept {
  memcpy(to, from, size);
  return to + size;
}

/* Sig_structure of RFC 9052: the protected header and the signed digest as they stand in the package. */
void signed_message(const uint8_t* protected_header, const uint8_t* digest, uint8_t* message) noexcept {
  uint8_t* const external = copy(copy(message, kContext, sizeof kContext), protected_header, kProtectedSize);
  *external = 0x40U;  // none
  (void)copy(external + 1, digest, kDigestSize);
}

static_assert(ECU_KEY_FOR_KEYS == ECU_KEY_FOR_MODELS << static_cast<uint32_t>(PackageKind::kTrust));

/* What the key that signs such a package must be for. */
uint32_t use_of(PackageKind kind) noexcept { return ECU_KEY_FOR_MODELS << static_cast<uint32_t>(kind); }

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

ecu_status check_digests(const PackageHeader& header) noexcept {
  using H = PackageHeader;
  const Bytes manifest(header.bytes_ + H::kManifest, header.offsets_[H::kManifestEnd] - H::kManifest);
  const bool right = sha256_matches(manifest, header.bytes_ + H::kDigest) &&
                     sha256_matches(header.facts(), header.at(H::kFactsDigest));
  return right ? ECU_OK : ECU_PACKAGE_BAD_DIGEST;
}

ecu_status check_signature(const PackageHeader& header, const ecu_key& key, ecu_verify verify,
                           void* context) noexcept {
  using H = PackageHeader;
  const uint8_t* const bytes = header.bytes_;
  const uint8_t algorithm = bytes[H::kAlgorithm];
  const ecu_key_kind kind = algorithm == kEs256 || algorithm == kEsp256 ? ECU_KEY_P256 : ECU_KEY_ED25519;
  if (key.kind % ECU_KEY_FOR_MODELS != kind) {
    return ECU_PACKAGE_BAD_ALGORITHM;
  }
  uint8_t message[kMessageSize];
  signed_message(bytes + (H::kAlgorithm - kProtectedBefore), bytes + (H::kDigest - kDigestBefore), message);
  const ecu_status status =
      verify(context, kind, key.public_key, message, sizeof message, header.signature());
  if (status != ECU_OK) {
    return status;
  }
  if ((key.kind & use_of(header.kind())) == 0U) {
    return ECU_PACKAGE_WRONG_USE;
  }
  return header.sequence() < key.minimum ? ECU_PACKAGE_KEY_RETIRED : ECU_OK;
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
