/* SPDX-License-Identifier: Apache-2.0 */
/* For the model checker: any bytes as an image, and as its texts or interface. They are refused, or all that
 * the reader says about them can be read. The source of the image reader comes first. */
#include <stddef.h>
#include <stdint.h>

extern "C" {
/* Whether these bytes may be read. */
void readable(const void* bytes, size_t size);
bool any_bool();

/* Whether the bytes are taken. */
bool prove_header(const uint8_t* bytes, size_t size);
bool prove_texts(const uint8_t* bytes, size_t size);
bool prove_interface(const uint8_t* bytes, size_t size);
}

namespace ecu {

/* A digest that fits exists for any content; whether the bytes may be read does not depend on it. */
bool sha256_matches(Span<const uint8_t> bytes, const uint8_t* expected) noexcept {
  readable(bytes.data(), bytes.size());
  readable(expected, ECU_DIGEST_SIZE);
  return any_bool();
}

}  // namespace ecu

/* Sections lie inside the image; the interface hash fits. */
bool prove_header(const uint8_t* bytes, size_t size) {
  using namespace ecu;
  Image image = {};
  if (check_frame(Bytes(bytes, size), image.size) != ECU_OK) {
    return false;
  }
  Bytes texts;
  Bytes interface_;
  const Bytes content(bytes, image.size - ECU_DIGEST_SIZE);
  if (!read_header(content, image, texts, interface_)) {
    return false;
  }
  readable(texts.data(), texts.size());
  readable(interface_.data(), interface_.size());
  readable(image.payload.data(), image.payload.size());
  return true;
}

bool prove_texts(const uint8_t* bytes, size_t size) {
  using namespace ecu;
  Image image = {};
  return read_texts(Bytes(bytes, size), image);
}

bool prove_interface(const uint8_t* bytes, size_t size) {
  using namespace ecu;
  Image image = {};
  if (!read_interface(Bytes(bytes, size), image)) {
    return false;
  }
  readable(image.tensors.data(), image.tensors.size());
  return true;
}
