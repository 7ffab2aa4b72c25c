// Native threads of our own. libuv's pool is never used: its threads keep the network namespace of whichever thread
// first started them, and a hop through it costs ten times a netlink request.
#pragma once

#include <napi.h>
#include <pthread.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "failure.h"

namespace nslink {

// A thread with a small stack that takes no signals: those belong to the threads Node set up for them.
// (std::thread says "no room for a thread" by an exception, and Node's addons are built without those.)
class Thread {
 public:
  // 0, or the errno of the failure.
  int Start(std::function<void()> body);
  // Does nothing for a thread that was never started.
  void Join();

 private:
  pthread_t id_{};
  bool started_ = false;
};

// Runs `work` on a short-lived thread inside the network namespace `ns` and waits for it; with ns < 0, right here.
// The thread ends afterwards, so no thread that JavaScript or libuv knows ever changes its namespace.
Outcome InNamespace(int ns, const std::function<Outcome()>& work);

// The off-thread work of one JavaScript environment. Each job has a thread to itself and the thread ends with it, so
// a job may leave its thread in any namespace. No more than kMost run at a time; the others wait in order.
class Threads {
 public:
  using Work = std::function<Outcome()>;
  using Done = std::function<void(Napi::Env, const Outcome&)>;

  explicit Threads(Napi::Env env);
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  // `work` runs on a thread, then `done` on the JavaScript thread, which is kept alive until then.
  void Submit(Napi::Env env, Work work, Done done);

  // Waits for running jobs and drops them all: no thread outlives its environment.
  void Stop();

 private:
  struct Job {
    Work work;
    Done done;
    Outcome outcome;
    Thread thread;
  };
  static constexpr size_t kMost = 16;

  static void Deliver(Napi::Env env, Napi::Function, Threads* threads, Job* job);
  using Completion = Napi::TypedThreadSafeFunction<Threads, Job, Deliver>;

  void Start(Job* job);
  void Run(Job* job);

  Completion completion_;
  // A job is owned here until it is delivered, so that one left in the completion queue at the end is not lost.
  std::unordered_map<Job*, std::unique_ptr<Job>> jobs_;  // touched by the JavaScript thread only
  std::mutex mutex_;
  std::deque<Job*> queue_;
  size_t running_ = 0;
  bool stopped_ = false;
};

// What the addon keeps for one environment (the main thread's, or a worker's).
struct Addon {
  explicit Addon(Napi::Env env) : threads(env), descriptor(Napi::Persistent(Descriptor::Define(env))) {}
  Threads threads;
  Napi::FunctionReference descriptor;
};

// Performs `work` here and returns its value or throws; or, when argument `callback` is a function, performs it on
// a thread and calls back with (error, value).
Napi::Value Perform(const Napi::CallbackInfo& info, size_t callback, Threads::Work work);

}  // namespace nslink
