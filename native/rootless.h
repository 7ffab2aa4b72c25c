// Starts a program as root of user, network and mount namespaces of its own.
#pragma once

#include <napi.h>

namespace nslink {

void InitRootless(Napi::Env env, Napi::Object exports);

}  // namespace nslink
