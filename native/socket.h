// A netlink socket: opened in any namespace, one native call for a request and its answers.
#pragma once

#include <napi.h>

#include "failure.h"

namespace nslink {

// Opens a netlink socket in the calling thread's namespace: a descriptor.
Outcome OpenSocket(int protocol, int buffer);

void InitSocket(Napi::Env env, Napi::Object exports);

}  // namespace nslink
