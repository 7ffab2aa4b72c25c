// A netlink socket: opened in any namespace, one native call for a request and its answers.
#pragma once

#include <napi.h>

namespace nslink {

void InitSocket(Napi::Env env, Napi::Object exports);

}  // namespace nslink
