// Network namespaces: made, opened, deleted, entered; and files as they look from inside one.
#pragma once

#include <napi.h>

namespace nslink {

void InitNetns(Napi::Env env, Napi::Object exports);

}  // namespace nslink
