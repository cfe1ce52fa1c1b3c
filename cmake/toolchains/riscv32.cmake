# SPDX-License-Identifier: Apache-2.0
# 32-bit RISC-V with single-precision FPU, without an operating system, with Debian's compiler and picolibc. The
# compiler comes without the C++ library; cxx_headers has the little that a bundle takes of it.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_CXX_COMPILER riscv64-unknown-elf-g++)
set(CMAKE_CXX_FLAGS_INIT "-march=rv32imafc -misa-spec=2.2 -mabi=ilp32f -mcmodel=medany --specs=picolibc.specs")
set(CMAKE_C_FLAGS_INIT "${CMAKE_CXX_FLAGS_INIT}")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "Flash counts: -O3 unrolls for little gain")
set(CMAKE_CXX_STANDARD_INCLUDE_DIRECTORIES "${CMAKE_CURRENT_LIST_DIR}/cxx_headers")

# How the test programs are linked and run; see tests/CMakeLists.txt and emulator.cmake.
set(ECU_BOARD_MEMORY
  ecu_flash=0x80000000 ecu_flash_size=0x00400000
  ecu_model=0x80400000 ecu_model_size=0x00400000
  ecu_ram=0x80800000 ecu_ram_size=0x00800000
)
set(ECU_BOARD_LINK_OPTIONS -nodefaultlibs)
set(CMAKE_CXX_STANDARD_LIBRARIES "-Wl,--start-group -lc -lsemihost -lgcc -Wl,--end-group")
set(ECU_QEMU qemu-system-riscv32)
set(ECU_QEMU_ARGUMENTS -M virt -bios none -chardev stdio,id=text
  -semihosting-config enable=on,target=native,chardev=text
  -nic none -display none -monitor none -serial none -kernel
)
