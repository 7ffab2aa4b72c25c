// nslink's addon: what JavaScript cannot do by itself. Mechanism only; every decision is made in TypeScript.
#include <napi.h>

#include "bpf.h"
#include "netns.h"
#include "poll.h"
#include "rootless.h"
#include "socket.h"
#include "sysfs.h"
#include "threads.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new nslink::Addon(env));
  nslink::InitSocket(env, exports);
  nslink::InitBpf(env, exports);
  nslink::InitNetns(env, exports);
  nslink::InitPoll(env, exports);
  nslink::InitRootless(env, exports);
  nslink::InitSysfs(env, exports);
  return exports;
}

NODE_API_MODULE(nslink, Init)
