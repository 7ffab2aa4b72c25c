// The sysfs of a network namespace, mounted nowhere.
#pragma once

#include <napi.h>

namespace nslink {

void InitSysfs(Napi::Env env, Napi::Object exports);

}  // namespace nslink
