/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 *  Packages in flash. A slot or key sector has the payload at its start and, in its last
 *  ECU_PACKAGE_HEADER_SIZE bytes, the header that came before it. The header was written only after its
 *  signature was accepted; it says what the payload must be.
 */
#ifndef ECU_SRC_UPDATE_STORED_H
#define ECU_SRC_UPDATE_STORED_H

#include <stdint.h>

#include "ecu/update.h"
#include "package.h"

namespace ecu {

/** Whether the area holds a package whole: its header, the facts and the payload of that header. `sequence`
 *  0 is what a line wrote without a header: a model image, and nothing in the place of the header. Reads into
 *  the buffer of `update`, which then holds no package that arrives.
 *
 *  @param index  an ecu_area_id: of a slot or key sector
 *  @param header filled when the sequence is not 0
 */
[[nodiscard]] bool holds_package(ecu_update& update, uint32_t index, uint32_t sequence,
                                 PackageHeader& header) noexcept;

/** Finds out in which state the device is: from the journal; without a record from what the slots hold. The
 *  newest whole key set is in force. Writes nothing.
 *
 *  @return ECU_OK, or ECU_FLASH_FAILED: nothing is known, and nothing may be written
 */
[[nodiscard]] ecu_status read_state(ecu_update& update) noexcept;

}  // namespace ecu
#endif
