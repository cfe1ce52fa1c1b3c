/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_leaves.h"
#include "trees.h"

ECU_DEFINE_KERNEL(
    trees_keyed_rows,
    ecu::native::trees::Ensemble<ecu::native::trees::Keyed, ecu::native::trees::Rows>::kernel());
