# SPDX-License-Identifier: Apache-2.0
# Cortex-A53, without an operating system, with Debian's compiler for 64-bit ARM and picolibc. The headers of the C++
# library would bring those of Linux along; cxx_headers has the little that a bundle takes of them.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR cortex-a53)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CXX_FLAGS_INIT "-mcpu=cortex-a53 -mstrict-align -fno-pie -fno-asynchronous-unwind-tables \
--specs=/usr/lib/picolibc/aarch64-linux-gnu/picolibc.specs")
set(CMAKE_C_FLAGS_INIT "${CMAKE_CXX_FLAGS_INIT}")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "Flash counts: -O3 unrolls for little gain")
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}/cxx_headers")

# How the test programs are linked and run; see tests/CMakeLists.txt and emulator.cmake.
set(ECU_BOARD_MEMORY
  ecu_flash=0x40000000 ecu_flash_size=0x00400000
  ecu_model=0x40400000 ecu_model_size=0x00400000
  ecu_ram=0x40800000 ecu_ram_size=0x00800000
)
set(ECU_BOARD_LINK_OPTIONS -static -no-pie -nodefaultlibs)
set(CMAKE_CXX_STANDARD_LIBRARIES "-Wl,--start-group -lc -lsemihost -lgcc -Wl,--end-group")
set(ECU_QEMU qemu-system-aarch64)
set(ECU_QEMU_ARGUMENTS -M virt -cpu cortex-a53 -chardev stdio,id=text
  -semihosting-config enable=on,target=native,chardev=text
  -nic none -display none -monitor none -serial none -kernel
)
