// File descriptors with one owner each.
#pragma once

#include <napi.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nslink {

// Closes a descriptor on every way out, unless it is released to somebody else.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;

  int get() const { return fd_; }
  int Release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void Reset(int fd) {
    Close();
    fd_ = fd;
  }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

// A descriptor that JavaScript holds. Closed by close(), or when nobody can reach it any more, or at the latest when its
// environment ends: a worker that is terminated has no other way to give back what it holds.
class Descriptor : public Napi::ObjectWrap<Descriptor> {
 public:
  // The class, which JavaScript has no use for: descriptors come from the addon's functions.
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Descriptor",
                       {InstanceAccessor<&Descriptor::Number>("fd"), InstanceAccessor<&Descriptor::Inode>("inode"),
                        InstanceMethod("close", &Descriptor::Close)});
  }
  static Napi::Value Take(const Napi::FunctionReference& define, Fd& fd) {
    Napi::Object object = define.New({});
    // An environment that is being ended may refuse the object, or make one without us; then nothing is taken.
    Descriptor* made = object.IsEmpty() ? nullptr : Unwrap(object);
    if (made != nullptr) made->fd_.Reset(fd.Release());
    return object;
  }

  // The number, which is the caller's from now on; -1 in an environment that is being ended.
  static int Release(const Napi::Value& object) {
    Descriptor* held = Unwrap(object.As<Napi::Object>());
    return held == nullptr ? -1 : held->fd_.Release();
  }

  explicit Descriptor(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Descriptor>(info) {}

 private:
  // -1 once it is closed.
  Napi::Value Number(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), fd_.get()); }

  // 0 once it is closed.
  Napi::Value Inode(const Napi::CallbackInfo& info) {
    struct stat about {};
    fstat(fd_.get(), &about);
    return Napi::Number::New(info.Env(), static_cast<double>(about.st_ino));
  }

  Napi::Value Close(const Napi::CallbackInfo& info) {
    fd_.Close();
    return info.Env().Undefined();
  }

  Fd fd_;
};

}  // namespace nslink
