/* SPDX-License-Identifier: Apache-2.0 */
#include "trees_complete.h"

namespace ecu::native::trees {

bool check_complete(const Record& record, uint32_t elements, uint64_t& leaves) noexcept {
  if (record.depth == 0U || record.depth > kMaxDepth || !Ranked::check_table(record, elements)) {
    return false;
  }
  leaves = uint64_t{record.trees} << record.depth;
  const uint64_t bytes = (leaves - record.trees) * kSplitSize;
  if (bytes > uint64_t{record.nodes} * kWordSize) {
    return false;
  }
  for (uint64_t i = 0U; i < bytes; i += kSplitSize) {
    if (record.node_bytes[i] >= record.slots) {
      return false;
    }
  }
  return true;
}

}  // namespace ecu::native::trees
