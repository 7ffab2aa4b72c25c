// Readiness of a socket, told by the event loop.
#pragma once

#include <napi.h>

namespace nslink {

void InitPoll(Napi::Env env, Napi::Object exports);

}  // namespace nslink
