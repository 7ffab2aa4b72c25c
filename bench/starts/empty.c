/* An addon that has nothing to offer. */

#include <node_api.h>

NAPI_MODULE_INIT() {
  (void)env;
  return exports;
}
