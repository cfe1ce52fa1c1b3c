/* SPDX-License-Identifier: Apache-2.0 */
#include "elementwise.h"

namespace ecu::native {
namespace {

/* The words of a record after its references: rank, lengths, then the strides of each operand. */
class Shape {
 public:
  Shape(const Operation& operation, uint32_t at) noexcept
      : operation_(operation), at_(at + 1U), rank_(operation.word(at)) {}

  [[nodiscard]] uint32_t rank() const noexcept { return rank_; }
  [[nodiscard]] uint32_t length(uint32_t axis) const noexcept { return operation_.word(at_ + axis); }
  [[nodiscard]] uint32_t stride(uint32_t operand, uint32_t axis) const noexcept {
    return operation_.word(at_ + ((operand + 1U) * rank_) + axis);
  }

 private:
  const Operation& operation_;
  uint32_t at_;  // first length
  uint32_t rank_;
};

/* Where a walk over all axes but the last is. Offsets are in elements and wrap as they go back. */
struct Position {
  uint32_t index[kMaxRank];
  uint32_t offset[kMaxOperands];
};

/* Only what a walk uses: a call of memset for all of it takes longer. */
Position start_of_walk(uint32_t axes, uint32_t operands) noexcept {
  Position position;
  for (uint32_t axis = 0U; axis < axes; ++axis) {
    position.index[axis] = 0U;
  }
  for (uint32_t i = 0U; i < operands; ++i) {
    position.offset[i] = 0U;
  }
  return position;
}

/* Moves to the next row; false after the last one. */
bool advance(const Shape& shape, uint32_t operands, Position& position) noexcept {
  for (uint32_t axis = shape.rank() - 1U; axis > 0U; --axis) {
    const uint32_t outer = axis - 1U;
    const uint32_t length = shape.length(outer);
    const bool carry = ++position.index[outer] == length;
    for (uint32_t i = 0U; i < operands; ++i) {
      position.offset[i] += shape.stride(i, outer) * (carry ? 1U - length : 1U);
    }
    if (!carry) {
      return true;
    }
    position.index[outer] = 0U;
  }
  return false;
}

}  // namespace

bool check_elementwise(const Operation& operation, const Scope& scope, const Layout& layout) noexcept {
  Fields fields(operation, scope);
  const uint32_t out = fields.word();
  uint32_t references[kMaxOperands] = {};
  for (uint32_t i = 0U; i < layout.operands; ++i) {
    references[i] = fields.word();
  }
  uint64_t start = layout.has_start ? fields.word() : 0U;
  fields.writes(out, fields.shape(), layout.result_size);
  for (uint32_t i = 0U; i < layout.operands; ++i) {
    fields.reads(references[i], start + fields.view(), layout.operand_sizes[i]);
    start = 0U;
  }
  return fields.done();
}

void run_elementwise(const Operation& operation, const Frame& frame, const Layout& layout,
                     void (*compute)(const Row& row) noexcept) noexcept {
  const uint32_t after_references = layout.operands + 1U;
  const Shape shape(operation, after_references + (layout.has_start ? 1U : 0U));
  const uint32_t last = shape.rank() - 1U;
  // The first operand in every place: zeros would be a call of memset.
  const size_t start = layout.has_start ? operation.word(after_references) : 0U;
  const Operand first = frame.operand(operation.word(1U)).from(start * layout.operand_sizes[0]);
  const size_t stride = shape.stride(0U, last);
  Operand starts[kMaxOperands] = {first, first, first};
  Row row = {
      frame.result(operation.word(0U)), {first, first, first}, {stride, stride, stride}, shape.length(last)};
  for (uint32_t i = 1U; i < layout.operands; ++i) {
    starts[i] = frame.operand(operation.word(i + 1U));
    row.operands[i] = starts[i];
    row.strides[i] = shape.stride(i, last);
  }
  compute(row);
  if (last == 0U) {
    return;
  }
  Position position = start_of_walk(last, layout.operands);
  while (advance(shape, layout.operands, position)) {
    row.out = row.out.from(static_cast<size_t>(row.count) * layout.result_size);
    for (uint32_t i = 0U; i < layout.operands; ++i) {
      row.operands[i] = starts[i].from(static_cast<size_t>(position.offset[i]) * layout.operand_sizes[i]);
    }
    compute(row);
  }
}

}  // namespace ecu::native
