// SPDX-License-Identifier: Apache-2.0
/// @file
/// A model in a FreeRTOS application. Self-test at start, then a periodic inference task, another task with a
/// handle of its own that computes all the time, an interrupt with a third, and a queue to a task that
/// collects the results and wakes every other tick, so that it interrupts both. All share one image. Writes
/// lines `name value`, then PASS or FAIL.
#include <cstdint>

extern "C" {
#include "FreeRTOS.h"
#include "queue.h"
#include "task.h"
}

#include "semihosting.h"
#include "worker.h"

namespace {

using golden::kBundle;
using rtos::Worker;

constexpr TickType_t kPeriod = 10U;
constexpr TickType_t kInterruptPeriod = 7U;
constexpr TickType_t kPatience = 2U;   // of the collector
constexpr std::uint32_t kPasses = 3U;  // over the golden rows, by the periodic task
constexpr std::size_t kStackWords = 256U;
constexpr std::size_t kQueueLength = 4U;

/// A computed row on its way to the collector.
struct Result {
  std::uint32_t task;
  std::uint32_t matches;
  TickType_t ticks;  ///< that passed during the run
};

struct Task {
  const char* name;
  UBaseType_t priority;
  TaskFunction_t body;
  Worker worker;
  StaticTask_t control;
  StackType_t stack[kStackWords];
  TaskHandle_t handle;
  volatile bool is_running_model;
  // Counted by the collector, but for the switches, which the kernel counts.
  volatile std::uint32_t switches_in_runs;
  std::uint32_t runs;
  std::uint32_t failures;
  TickType_t ticks_in_runs;
};

void infer_periodically(void* argument);
void infer_all_the_time(void* argument);
void collect(void* argument);

enum : std::uint32_t { kInference, kBackground, kCollector, kTasks };
Task tasks[kTasks];
Worker interrupt_worker;
volatile std::uint32_t interrupt_runs;
volatile std::uint32_t interrupt_failures;

StaticQueue_t queue_control;
std::uint8_t queue_memory[kQueueLength * sizeof(Result)];
QueueHandle_t results;

void write(const char* text) { static_cast<void>(board::semihosting(board::Call::kWriteText, text)); }

void write_line(const char* task, const char* name, std::uint32_t value) {
  char digits[11];
  char* next = digits + sizeof digits - 1;
  *next = '\0';
  do {
    *--next = static_cast<char>('0' + (value % 10U));
    value /= 10U;
  } while (value != 0U);
  const char* const line[] = {task, "_", name, " ", next, "\n"};
  for (const char* text : line) {
    write(text);
  }
}

[[noreturn]] void fail(const char* why) {
  write("FAIL ");
  write(why);
  write("\n");
  board::leave(1);
}

void compute_and_send(std::uint32_t number, std::uint32_t row) {
  Task& task = tasks[number];
  task.worker.load(row);
  const TickType_t before = xTaskGetTickCount();
  task.is_running_model = true;
  const ecu_status status = task.worker.compute();
  task.is_running_model = false;
  const TickType_t ticks = xTaskGetTickCount() - before;
  const bool matches = status == ECU_OK && task.worker.matches(row);
  const Result result = {number, matches ? 1U : 0U, ticks};
  static_cast<void>(xQueueSend(results, &result, portMAX_DELAY));
}

void infer_periodically(void*) {
  TickType_t woken = xTaskGetTickCount();
  for (std::uint32_t row = 0U;; row = (row + 1U) % kBundle.rows) {
    vTaskDelayUntil(&woken, kPeriod);
    compute_and_send(kInference, row);
  }
}

void infer_all_the_time(void*) {
  for (std::uint32_t row = 0U;; row = (row + 1U) % kBundle.rows) {
    compute_and_send(kBackground, row);
  }
}

void report(const Task& task) {
  write_line(task.name, "runs", task.runs);
  write_line(task.name, "failures", task.failures);
  write_line(task.name, "switches_in_runs", task.switches_in_runs);
  write_line(task.name, "ticks_in_runs", task.ticks_in_runs);
  const std::size_t unused = uxTaskGetStackHighWaterMark(task.handle) * sizeof(StackType_t);
  write_line(task.name, "stack", static_cast<std::uint32_t>(sizeof task.stack - unused));
}

void collect(void*) {
  while (tasks[kInference].runs < kPasses * kBundle.rows || tasks[kBackground].runs < kBundle.rows) {
    Result result;
    if (xQueueReceive(results, &result, kPatience) != pdPASS) {
      continue;
    }
    Task& task = tasks[result.task];
    ++task.runs;
    task.failures += 1U - result.matches;
    task.ticks_in_runs += result.ticks;
  }
  report(tasks[kInference]);
  report(tasks[kBackground]);
  write_line("interrupt", "runs", interrupt_runs);
  write_line("interrupt", "failures", interrupt_failures);
  if (tasks[kInference].failures + tasks[kBackground].failures + interrupt_failures != 0U) {
    fail("wrong outputs");
  }
  write("PASS\n");
  board::leave(0);
}

void start(Task& task, const char* name, UBaseType_t priority, TaskFunction_t body) {
  task.name = name;
  task.handle = xTaskCreateStatic(body, name, kStackWords, nullptr, priority, task.stack, &task.control);
}

}  // namespace

extern "C" {
[[noreturn]] void application_start();
void application_interrupt();
void vApplicationTickHook();
void vApplicationStackOverflowHook(TaskHandle_t task, char* name);
void vApplicationGetIdleTaskMemory(StaticTask_t** control, StackType_t** stack, std::uint32_t* words);
// Where a count of instructions ends; do nothing.
void model_opened();
void golden_row_done();
__attribute__((noinline)) void model_opened() { asm volatile("" ::: "memory"); }
__attribute__((noinline)) void golden_row_done() { asm volatile("" ::: "memory"); }

void application_start() {
  Worker* const workers[] = {&tasks[kInference].worker, &tasks[kBackground].worker, &interrupt_worker};
  for (Worker* worker : workers) {
    const ecu_status status = worker->open();
    model_opened();
    if (status != ECU_OK) {
      fail(ecu_status_text(status));
    }
  }
  for (std::uint32_t row = 0U; row < kBundle.rows; ++row) {
    interrupt_worker.load(row);
    const ecu_status status = interrupt_worker.compute();
    golden_row_done();
    if (status != ECU_OK || !interrupt_worker.matches(row)) {
      fail("self-test");
    }
  }
  results = xQueueCreateStatic(kQueueLength, sizeof(Result), queue_memory, &queue_control);
  start(tasks[kInference], "inference", 2U, infer_periodically);
  start(tasks[kBackground], "background", 1U, infer_all_the_time);
  start(tasks[kCollector], "collector", 4U, collect);
  vTaskStartScheduler();
  fail("the scheduler ended");
}

void vApplicationTickHook() {
  if (xTaskGetTickCountFromISR() % kInterruptPeriod == 0U) {
    *reinterpret_cast<volatile std::uint32_t*>(0xe000e200U) = 1U;  // NVIC_ISPR0: raises interrupt 0
  }
}

void application_interrupt() {
  const std::uint32_t row = interrupt_runs % kBundle.rows;
  interrupt_worker.load(row);
  const bool passed = interrupt_worker.compute() == ECU_OK && interrupt_worker.matches(row);
  interrupt_runs = interrupt_runs + 1U;
  interrupt_failures = interrupt_failures + (passed ? 0U : 1U);
}

static const void* leaving_task;

void application_task_leaves(const void* task) { leaving_task = task; }

void application_task_enters(const void* task) {
  for (Task& left : tasks) {
    if (left.handle == leaving_task && task != leaving_task && left.is_running_model) {
      left.switches_in_runs = left.switches_in_runs + 1U;
    }
  }
}

void application_assertion_failed() { fail("assertion of the kernel"); }

void vApplicationStackOverflowHook(TaskHandle_t, char* name) { fail(name); }

void vApplicationGetIdleTaskMemory(StaticTask_t** control, StackType_t** stack, std::uint32_t* words) {
  static StaticTask_t idle_control;
  static StackType_t idle_stack[configMINIMAL_STACK_SIZE];
  *control = &idle_control;
  *stack = idle_stack;
  *words = configMINIMAL_STACK_SIZE;
}
}
