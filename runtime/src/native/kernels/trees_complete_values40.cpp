/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_leaves.h"
#include "trees_complete.h"

ECU_DEFINE_KERNEL(trees_complete_values40,
                  ecu::native::trees::CompleteEnsemble<ecu::native::trees::Values40>::kernel());
