// SPDX-License-Identifier: Apache-2.0
/// @file
/// A model in a program of POSIX threads, with functions of the PSE52 profile: four threads share one image,
/// each with a handle of its own, and send their results through a message queue.
///
/// usage: application QUEUE [--one-handle]
///   QUEUE         name of the message queue, made and removed here
///   --one-handle  all threads use the same handle, which is wrong: for the check of the check
///
/// Writes lines `name value`, then PASS or FAIL.
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "worker.h"

namespace {

using golden::kBundle;
using rtos::Worker;

constexpr std::uint32_t kThreads = 4U;
constexpr std::uint32_t kPasses = 25U;  // over the golden rows, by each thread
constexpr std::size_t kStackBytes = 128U * 1024U;
constexpr long kPeriodNs = 200000L;
constexpr long kSecondNs = 1000000000L;
constexpr std::uint32_t kRowsOfAPeriod = 16U;
constexpr int kPriority = 10;

struct Thread {
  pthread_t id;
  Worker* worker;
};

/// A pass over all golden rows on its way to the main thread.
struct Result {
  std::uint32_t runs;
  std::uint32_t failures;
};

Worker workers[kThreads];
Thread threads[kThreads];
mqd_t results;
pthread_mutex_t opened_mutex = PTHREAD_MUTEX_INITIALIZER;
std::uint32_t opened;  // threads whose handle is open; guarded by the mutex

[[noreturn]] void fail(const char* what, int code) {
  std::printf("FAIL %s: %s\n", what, std::strerror(code));
  std::exit(1);
}

void require(int code, const char* what) {
  if (code != 0) {
    fail(what, code);
  }
}

void open_model(Worker& worker) {
  require(pthread_mutex_lock(&opened_mutex), "pthread_mutex_lock");
  const ecu_status status = worker.open();
  ++opened;
  require(pthread_mutex_unlock(&opened_mutex), "pthread_mutex_unlock");
  if (status != ECU_OK) {
    fail(ecu_status_text(status), 0);
  }
}

void wait_for_the_next_period(timespec& next) {
  next.tv_nsec += kPeriodNs;
  if (next.tv_nsec >= kSecondNs) {
    next.tv_nsec -= kSecondNs;
    ++next.tv_sec;
  }
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr) == EINTR) {
  }
}

void* infer_periodically(void* argument) {
  Worker& worker = *static_cast<Thread*>(argument)->worker;
  open_model(worker);
  timespec next = {};
  require(clock_gettime(CLOCK_MONOTONIC, &next), "clock_gettime");
  for (std::uint32_t pass = 0U; pass < kPasses; ++pass) {
    Result result = {};
    for (std::uint32_t row = 0U; row < kBundle.rows; ++row) {
      if (row % kRowsOfAPeriod == 0U) {
        wait_for_the_next_period(next);
      }
      worker.load(row);
      const bool passed = worker.compute() == ECU_OK && worker.matches(row);
      ++result.runs;
      result.failures += passed ? 0U : 1U;
    }
    if (mq_send(results, reinterpret_cast<const char*>(&result), sizeof result, 0U) != 0) {
      fail("mq_send", errno);
    }
  }
  return nullptr;
}

/* Starts a thread with a stack of known size, in real time where this process may; true when it is. */
bool start(Thread& thread) {
  pthread_attr_t attributes;
  require(pthread_attr_init(&attributes), "pthread_attr_init");
  require(pthread_attr_setstacksize(&attributes, kStackBytes), "pthread_attr_setstacksize");
  require(pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED), "pthread_attr_setinheritsched");
  require(pthread_attr_setschedpolicy(&attributes, SCHED_FIFO), "pthread_attr_setschedpolicy");
  sched_param parameters = {};
  parameters.sched_priority = kPriority;
  require(pthread_attr_setschedparam(&attributes, &parameters), "pthread_attr_setschedparam");
  int code = pthread_create(&thread.id, &attributes, infer_periodically, &thread);
  const bool is_real_time = code == 0;
  if (code == EPERM) {
    require(pthread_attr_setinheritsched(&attributes, PTHREAD_INHERIT_SCHED), "pthread_attr_setinheritsched");
    code = pthread_create(&thread.id, &attributes, infer_periodically, &thread);
  }
  require(code, "pthread_create");
  require(pthread_attr_destroy(&attributes), "pthread_attr_destroy");
  return is_real_time;
}

Result collect() {
  Result sum = {};
  for (std::uint32_t i = 0U; i < kThreads * kPasses; ++i) {
    Result result = {};
    if (mq_receive(results, reinterpret_cast<char*>(&result), sizeof result, nullptr) != sizeof result) {
      fail("mq_receive", errno);
    }
    sum.runs += result.runs;
    sum.failures += result.failures;
  }
  return sum;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    fail("usage", EINVAL);
  }
  const bool one_handle = count > 2 && std::strcmp(arguments[2], "--one-handle") == 0;
  mq_attr attributes = {};
  attributes.mq_maxmsg = 4;
  attributes.mq_msgsize = sizeof(Result);
  results = mq_open(arguments[1], O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
  if (results == static_cast<mqd_t>(-1) || mq_unlink(arguments[1]) != 0) {
    fail("mq_open", errno);
  }
  std::uint32_t real_time = 0U;
  for (std::uint32_t i = 0U; i < kThreads; ++i) {
    threads[i].worker = &workers[one_handle ? 0U : i];
    real_time += start(threads[i]) ? 1U : 0U;
  }
  const Result sum = collect();
  for (Thread& thread : threads) {
    require(pthread_join(thread.id, nullptr), "pthread_join");
  }
  std::printf("threads %" PRIu32 "\nreal_time %" PRIu32 "\nrows %" PRIu32 "\n", opened, real_time,
              kBundle.rows);
  std::printf("runs %" PRIu32 "\nfailures %" PRIu32 "\n", sum.runs, sum.failures);
  std::printf("%s\n", sum.failures == 0U ? "PASS" : "FAIL");
  return sum.failures == 0U ? 0 : 1;
}
