// Programs that were loaded into the kernel.
#pragma once

#include <napi.h>

namespace nslink {

void InitBpf(Napi::Env env, Napi::Object exports);

}  // namespace nslink
