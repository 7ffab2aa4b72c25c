#include "threads.h"

#include <sched.h>
#include <signal.h>

namespace nslink {

namespace {

constexpr size_t kStack = 256 * 1024;

void* Body(void* argument) {
  std::unique_ptr<std::function<void()>> body(static_cast<std::function<void()>*>(argument));
  (*body)();
  return nullptr;
}

}  // namespace

// A thread inherits its signal mask from its creator, so the mask is changed around the creation: there is no moment
// in which the new thread could take a signal.
int Thread::Start(std::function<void()> body) {
  auto* argument = new std::function<void()>(std::move(body));
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  int error = pthread_create(&id_, &attributes, Body, argument);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) delete argument;
  started_ = error == 0;
  return error;
}

void Thread::Join() {
  if (started_) pthread_join(id_, nullptr);
  started_ = false;
}

Outcome InNamespace(int ns, const std::function<Outcome()>& work) {
  if (ns < 0) return work();
  Outcome outcome;
  Thread thread;
  int error = thread.Start([&] { outcome = setns(ns, CLONE_NEWNET) == 0 ? work() : Outcome::Failed("setns"); });
  if (error != 0) return Outcome::Failed("clone", "", error);
  thread.Join();
  return outcome;
}

Threads::Threads(Napi::Env env) {
  completion_ = Completion::New(env, "nslink", 0, 1, this);
  // Idle, the addon must not keep the process alive.
  completion_.Unref(env);
  // Hooks run in reverse order: this one comes before the one by which the completion queue ends itself.
  env.AddCleanupHook([this] { Stop(); });
}

void Threads::Submit(Napi::Env env, Work work, Done done) {
  if (jobs_.empty()) completion_.Ref(env);
  auto owned = std::make_unique<Job>(Job{std::move(work), std::move(done), {}, {}});
  Job* job = owned.get();
  jobs_.emplace(job, std::move(owned));
  std::lock_guard<std::mutex> lock(mutex_);
  if (running_ < kMost) {
    Start(job);
  } else {
    queue_.push_back(job);
  }
}

// Called with the lock held.
void Threads::Start(Job* job) {
  int error = job->thread.Start([this, job] { Run(job); });
  if (error == 0) {
    running_++;
  } else {
    job->outcome = Outcome::Failed("clone", "", error);
    completion_.NonBlockingCall(job);
  }
}

void Threads::Run(Job* job) {
  job->outcome = job->work();
  std::lock_guard<std::mutex> lock(mutex_);
  running_--;
  if (stopped_) return;
  completion_.NonBlockingCall(job);
  // More than one when no thread could be had for the first: whoever waits is told that, not left waiting.
  while (running_ < kMost && !queue_.empty()) {
    Job* next = queue_.front();
    queue_.pop_front();
    Start(next);
  }
}

void Threads::Stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    queue_.clear();
  }
  for (auto& entry : jobs_) entry.second->thread.Join();
  jobs_.clear();
}

// Without an environment the process or worker is going and Stop() has taken the jobs: there is nobody to tell.
void Threads::Deliver(Napi::Env env, Napi::Function, Threads* threads, Job* job) {
  if (env == nullptr) return;
  auto entry = threads->jobs_.extract(job);
  if (threads->jobs_.empty()) threads->completion_.Unref(env);
  job->thread.Join();
  Napi::HandleScope scope(env);
  job->done(env, job->outcome);
  RaisePending(env);
}

static Napi::Value ResultOf(Napi::Env env, const Outcome& outcome) {
  if (!outcome.fd) return ValueOf(env, outcome);
  const Napi::FunctionReference& define = env.GetInstanceData<Addon>()->descriptor;
  Napi::Value result = Descriptor::Take(define, *outcome.fd);
  if (outcome.socket && !result.IsEmpty()) result.As<Napi::Object>().Set("socket", Descriptor::Take(define, *outcome.socket));
  return result;
}

Napi::Value Perform(const Napi::CallbackInfo& info, size_t callback, Threads::Work work) {
  Napi::Env env = info.Env();
  if (info.Length() > callback && info[callback].IsFunction()) {
    auto function = std::make_shared<Napi::FunctionReference>(Napi::Persistent(info[callback].As<Napi::Function>()));
    env.GetInstanceData<Addon>()->threads.Submit(
        env, std::move(work), [function](Napi::Env env, const Outcome& outcome) {
          if (outcome.error != 0) {
            function->MakeCallback(env.Global(), {ErrorOf(env, outcome).Value()});
          } else {
            function->MakeCallback(env.Global(), {env.Null(), ResultOf(env, outcome)});
          }
        });
    return env.Undefined();
  }
  Outcome outcome = work();
  if (outcome.error == 0) return ResultOf(env, outcome);
  ErrorOf(env, outcome).ThrowAsJavaScriptException();
  return env.Undefined();
}

}  // namespace nslink
