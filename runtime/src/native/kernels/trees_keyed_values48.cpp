/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_leaves.h"
#include "trees.h"

ECU_DEFINE_KERNEL(
    trees_keyed_values48,
    ecu::native::trees::Ensemble<ecu::native::trees::Keyed, ecu::native::trees::Values48>::kernel());
