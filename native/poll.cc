#include "poll.h"

#include <uv.h>

#include "failure.h"

namespace nslink {

namespace {

// The part libuv holds on to: it lives until libuv has let go of it, which is after the JavaScript object may be gone.
struct Watch {
  uv_poll_t handle;
  Napi::Env env;
  Napi::FunctionReference callback;
  napi_async_cleanup_hook_handle hook = nullptr;
  int fd;

  Watch(Napi::Env env, int fd) : env(env), fd(fd) {}

  static void Ready(uv_poll_t* handle, int, int) {
    auto* watch = static_cast<Watch*>(handle->data);
    Napi::HandleScope scope(watch->env);
    // Whatever the status: a socket that lost messages reports ENOBUFS, which reaches here as an error of the poll and
    // stops it; only reading tells which. The reader starts the poll again.
    watch->callback.MakeCallback(watch->env.Global(), {});
    RaisePending(watch->env);
  }

  int Start() { return uv_poll_start(&handle, UV_READABLE, Ready); }

  void Close() {
    if (uv_is_closing(reinterpret_cast<uv_handle_t*>(&handle))) return;
    callback.Reset();
    uv_close(reinterpret_cast<uv_handle_t*>(&handle), [](uv_handle_t* closed) {
      auto* watch = static_cast<Watch*>(closed->data);
      napi_remove_async_cleanup_hook(watch->hook);
      delete watch;
    });
  }
};

class Poll : public Napi::ObjectWrap<Poll> {
 public:
  static void Init(Napi::Env env, Napi::Object exports) {
    exports.Set("Poll", DefineClass(env, "Poll",
                                    {
                                        InstanceMethod("start", &Poll::Start),
                                        InstanceMethod("stop", &Poll::Stop),
                                        InstanceMethod("ref", &Poll::Ref),
                                        InstanceMethod("unref", &Poll::Unref),
                                        InstanceMethod("close", &Poll::Close),
                                    }));
  }

  // new Poll(fd, callback): stopped at first.
  explicit Poll(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Poll>(info) {
    Napi::Env env = info.Env();
    uv_loop_t* loop = nullptr;
    napi_get_uv_event_loop(env, &loop);
    auto* watch = new Watch(env, info[0].As<Napi::Number>().Int32Value());
    int result = uv_poll_init(loop, &watch->handle, watch->fd);
    if (result != 0) {
      delete watch;
      ErrorOf(env, Outcome::Failed("uv_poll_init", "", -result)).ThrowAsJavaScriptException();
      return;
    }
    watch->handle.data = watch;
    watch->callback = Napi::Persistent(info[1].As<Napi::Function>());
    napi_add_async_cleanup_hook(
        env, [](napi_async_cleanup_hook_handle, void* data) { static_cast<Watch*>(data)->Close(); }, watch,
        &watch->hook);
    watch_ = watch;
  }

 private:
  Napi::Value Start(const Napi::CallbackInfo& info) {
    int result = watch_ == nullptr ? UV_EBADF : watch_->Start();
    if (result != 0) ErrorOf(info.Env(), Outcome::Failed("uv_poll_start", "", -result)).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }

  Napi::Value Stop(const Napi::CallbackInfo& info) {
    if (watch_ != nullptr) uv_poll_stop(&watch_->handle);
    return info.Env().Undefined();
  }

  Napi::Value Ref(const Napi::CallbackInfo& info) {
    if (watch_ != nullptr) uv_ref(reinterpret_cast<uv_handle_t*>(&watch_->handle));
    return info.Env().Undefined();
  }

  Napi::Value Unref(const Napi::CallbackInfo& info) {
    if (watch_ != nullptr) uv_unref(reinterpret_cast<uv_handle_t*>(&watch_->handle));
    return info.Env().Undefined();
  }

  // Before the descriptor is closed. A Poll that is never closed stays with its environment until that ends.
  Napi::Value Close(const Napi::CallbackInfo& info) {
    if (watch_ != nullptr) watch_->Close();
    watch_ = nullptr;
    return info.Env().Undefined();
  }

  Watch* watch_ = nullptr;
};

}  // namespace

void InitPoll(Napi::Env env, Napi::Object exports) { Poll::Init(env, exports); }

}  // namespace nslink
