// What a system call said when it failed, and how that becomes a JavaScript error.
#pragma once

#include <napi.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>

#include "descriptor.h"

namespace nslink {

// The outcome of work that may run on any thread: a number, some text, a descriptor (closed again if nobody takes it), or a
// failure. `syscall` is always a literal, so an Outcome can cross threads freely.
struct Outcome {
  int64_t value = 0;
  int error = 0;
  const char* syscall = nullptr;
  std::string path;
  std::string text;
  bool has_text = false;
  std::shared_ptr<Fd> fd;
  // Of a new namespace: a socket in it, which whoever makes one is about to want.
  std::shared_ptr<Fd> socket;

  static Outcome Of(int64_t value) {
    Outcome outcome;
    outcome.value = value;
    return outcome;
  }
  static Outcome Text(std::string text) {
    Outcome outcome;
    outcome.text = std::move(text);
    outcome.has_text = true;
    return outcome;
  }
  static Outcome Opened(int fd) {
    Outcome outcome;
    outcome.fd = std::make_shared<Fd>(fd);
    return outcome;
  }
  static Outcome Failed(const char* syscall, std::string path = "", int error = errno) {
    Outcome outcome;
    outcome.error = error;
    outcome.syscall = syscall;
    outcome.path = std::move(path);
    return outcome;
  }
};

// The error carries what libuv's own errors carry (a negative errno, syscall, path); JavaScript gives it its name and sentence.
inline Napi::Error ErrorOf(Napi::Env env, const Outcome& outcome) {
  Napi::Error error = Napi::Error::New(env, std::string(outcome.syscall) + " failed");
  error.Set("errno", Napi::Number::New(env, -outcome.error));
  error.Set("syscall", Napi::String::New(env, outcome.syscall));
  if (!outcome.path.empty()) error.Set("path", Napi::String::New(env, outcome.path));
  return error;
}

inline Napi::Value ValueOf(Napi::Env env, const Outcome& outcome) {
  if (outcome.has_text) return Napi::String::New(env, outcome.text);
  return Napi::Number::New(env, static_cast<double>(outcome.value));
}

// What a callback throws when libuv or a thread called it: outside JavaScript nobody else would notice.
inline void RaisePending(Napi::Env env) {
  if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
}

}  // namespace nslink
