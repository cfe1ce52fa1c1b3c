# SPDX-License-Identifier: Apache-2.0
# Cortex-A9, without an operating system, with Debian's Arm compiler and newlib.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex-a9)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_CXX_FLAGS_INIT "-mcpu=cortex-a9 -marm -mfloat-abi=hard -mfpu=neon -mno-unaligned-access")
set(CMAKE_C_FLAGS_INIT "${CMAKE_CXX_FLAGS_INIT}")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "Flash counts: -O3 unrolls for little gain")

# How the test programs are linked and run; see tests/CMakeLists.txt and emulator.cmake.
set(ECU_BOARD_MEMORY
  ecu_flash=0x60000000 ecu_flash_size=0x00400000
  ecu_model=0x60400000 ecu_model_size=0x00400000
  ecu_ram=0x60800000 ecu_ram_size=0x00800000
)
set(ECU_BOARD_LINK_OPTIONS --specs=rdimon.specs)
set(ECU_QEMU qemu-system-arm)
set(ECU_QEMU_ARGUMENTS -M vexpress-a9 -chardev stdio,id=text
  -semihosting-config enable=on,target=native,chardev=text
  -nic none -display none -monitor none -serial none -kernel
)
