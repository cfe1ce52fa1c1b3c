/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel of the test application: preemptive, all memory static. */
#ifndef FREERTOS_CONFIG_H
#define FREERTOS_CONFIG_H

#define configUSE_PREEMPTION 1
#define configUSE_TIME_SLICING 1
#define configCPU_CLOCK_HZ 25000000UL
#define configTICK_RATE_HZ 1000
#define configMAX_PRIORITIES 5
#define configMINIMAL_STACK_SIZE 128
#define configMAX_TASK_NAME_LEN 12
#define configUSE_16_BIT_TICKS 0
#define configUSE_IDLE_HOOK 0
#define configUSE_TICK_HOOK 1
#define configSUPPORT_STATIC_ALLOCATION 1
#define configSUPPORT_DYNAMIC_ALLOCATION 0
#define configCHECK_FOR_STACK_OVERFLOW 2
#define configKERNEL_INTERRUPT_PRIORITY 255
#define configMAX_SYSCALL_INTERRUPT_PRIORITY 64

#define INCLUDE_vTaskDelayUntil 1
#define INCLUDE_uxTaskGetStackHighWaterMark 1

/* Tells the application which task leaves the processor and which one enters it. */
void application_task_leaves(const void* task);
void application_task_enters(const void* task);
void application_assertion_failed(void);
#define traceTASK_SWITCHED_OUT() application_task_leaves(pxCurrentTCB)
#define traceTASK_SWITCHED_IN() application_task_enters(pxCurrentTCB)
#define configASSERT(condition)     \
  if (!(condition)) {               \
    application_assertion_failed(); \
  }

#endif
