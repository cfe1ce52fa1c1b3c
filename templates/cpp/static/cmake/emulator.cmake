# SPDX-License-Identifier: Apache-2.0
# Lets CTest run programs of another CPU under QEMU. The compiler file names the emulator
# (ECU_QEMU), the libraries of the target (ECU_QEMU_SYSROOT) and a CPU description
# (ECU_QEMU_CPUINFO): QEMU shows the program the /proc/cpuinfo of this machine, and ONNX Runtime
# crashes on one that is not of its CPU. So the emulator sees a folder with both. For a machine without
# operating system the compiler file gives the arguments that come before the program
# (ECU_QEMU_ARGUMENTS) instead, or a shell command that finds the program in $0 (ECU_QEMU_SHELL).

if(NOT CMAKE_CROSSCOMPILING_EMULATOR AND ECU_QEMU)
  find_program(ECU_QEMU_PROGRAM "${ECU_QEMU}")
  if(ECU_QEMU_PROGRAM AND ECU_QEMU_SHELL)
    set(CMAKE_CROSSCOMPILING_EMULATOR "sh;-c;${ECU_QEMU_SHELL}")
  elseif(ECU_QEMU_PROGRAM AND NOT ECU_QEMU_SYSROOT)
    set(CMAKE_CROSSCOMPILING_EMULATOR "${ECU_QEMU_PROGRAM};${ECU_QEMU_ARGUMENTS}")
  elseif(ECU_QEMU_PROGRAM)
    set(ecu_sysroot "${CMAKE_CURRENT_BINARY_DIR}/sysroot")
    file(MAKE_DIRECTORY "${ecu_sysroot}/proc")
    foreach(entry IN ITEMS lib lib64 usr etc)
      if(EXISTS "${ECU_QEMU_SYSROOT}/${entry}" AND NOT EXISTS "${ecu_sysroot}/${entry}")
        file(CREATE_LINK "${ECU_QEMU_SYSROOT}/${entry}" "${ecu_sysroot}/${entry}" SYMBOLIC)
      endif()
    endforeach()
    file(WRITE "${ecu_sysroot}/proc/cpuinfo" "${ECU_QEMU_CPUINFO}")
    set(CMAKE_CROSSCOMPILING_EMULATOR "${ECU_QEMU_PROGRAM};-L;${ecu_sysroot}")
  else()
    message(WARNING "${PROJECT_NAME}: ${ECU_QEMU} is missing, so the self-test can be built but not run")
  endif()
endif()
