#include "bpf.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "threads.h"

namespace nslink {

namespace {

// The kernel gives the descriptor close-on-exec by itself. The C library has no function for this call.
Outcome Open(bpf_cmd command, bpf_attr& which, const std::string& path) {
  int fd = static_cast<int>(syscall(SYS_bpf, command, &which, sizeof which));
  return fd < 0 ? Outcome::Failed("bpf", path) : Outcome::Opened(fd);
}

Outcome OpenPinned(const std::string& path) {
  bpf_attr which{};
  which.pathname = reinterpret_cast<uintptr_t>(path.c_str());
  return Open(BPF_OBJ_GET, which, path);
}

Outcome OpenById(uint32_t id) {
  bpf_attr which{};
  which.prog_id = id;
  return Open(BPF_PROG_GET_FD_BY_ID, which, "");
}

// openProgram(which): a descriptor of the program that is pinned at a path, or has a number.
Napi::Value OpenProgram(const Napi::CallbackInfo& info) {
  if (info[0].IsNumber()) {
    return Perform(info, 1, [id = info[0].As<Napi::Number>().Uint32Value()] { return OpenById(id); });
  }
  return Perform(info, 1, [path = info[0].As<Napi::String>().Utf8Value()] { return OpenPinned(path); });
}

}  // namespace

void InitBpf(Napi::Env env, Napi::Object exports) { exports.Set("openProgram", Napi::Function::New(env, OpenProgram)); }

}  // namespace nslink
