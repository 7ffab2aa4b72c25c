#include "sysfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "threads.h"

namespace nslink {

namespace {

// A sysfs that shows the devices of the calling thread's namespace. It is mounted nowhere: there is no more of it than the
// descriptor. The calls go by their numbers, for an older C library has no functions for them.
Outcome Sysfs(unsigned attributes) {
  Fd context(static_cast<int>(syscall(SYS_fsopen, "sysfs", FSOPEN_CLOEXEC)));
  if (context.get() < 0) return Outcome::Failed("fsopen");
  if (syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return Outcome::Failed("fsconfig");
  }
  int mount = static_cast<int>(syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, attributes));
  return mount < 0 ? Outcome::Failed("fsmount") : Outcome::Opened(mount);
}

// How errors name a file of it.
std::string Shown(const std::string& path) { return "/sys/" + path; }

// Adds the names in a folder to `text`, one a line.
Outcome List(Fd& folder, const std::string& path, std::string& text) {
  std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(folder.get()), closedir);
  if (!entries) return Outcome::Failed("fdopendir", Shown(path));
  folder.Release();
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(entries.get());
    if (entry == nullptr) return errno == 0 ? Outcome::Of(0) : Outcome::Failed("readdir", Shown(path));
    if (entry->d_name[0] != '.') text.append(entry->d_name).append("\n");
  }
}

// Adds what is in a file to `text`, or the names in a folder.
Outcome Read(int sysfs, const std::string& path, std::string& text) {
  Fd file(openat(sysfs, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return Outcome::Failed("open", Shown(path));
  char part[4096];
  for (;;) {
    ssize_t length = read(file.get(), part, sizeof part);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0 && errno == EISDIR) return List(file, path, text);
    if (length < 0) return Outcome::Failed("read", Shown(path));
    if (length == 0) return Outcome::Of(0);
    text.append(part, length);
  }
}

Outcome Write(int sysfs, const std::string& path, const std::string& text) {
  Fd file(openat(sysfs, path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) return Outcome::Failed("open", Shown(path));
  ssize_t length;
  do length = write(file.get(), text.data(), text.size());
  while (length < 0 && errno == EINTR);
  return length < 0 ? Outcome::Failed("write", Shown(path)) : Outcome::Of(0);
}

Outcome ReadAll(const std::vector<std::string>& paths) {
  Outcome sysfs = Sysfs(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (sysfs.error != 0) return sysfs;
  std::string texts;
  for (const std::string& path : paths) {
    Outcome outcome = Read(sysfs.fd->get(), path, texts);
    if (outcome.error != 0) return outcome;
    texts.push_back('\0');
  }
  return Outcome::Text(std::move(texts));
}

Outcome WriteAll(const std::vector<std::string>& paths, const std::string& text) {
  Outcome sysfs = Sysfs(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (sysfs.error != 0) return sysfs;
  for (const std::string& path : paths) {
    Outcome outcome = Write(sysfs.fd->get(), path, text);
    if (outcome.error != 0) return outcome;
  }
  return Outcome::Of(static_cast<int64_t>(paths.size()));
}

std::vector<std::string> Strings(const Napi::Value& value) {
  Napi::Array array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); i++) strings.push_back(array.Get(i).As<Napi::String>().Utf8Value());
  return strings;
}

// Always on a thread inside the namespace `info[0]`, so that it is that thread which waits, on giving the mount back, until
// nobody can be looking at it. The descriptor is the work's own: a job may start after its caller has closed the namespace.
Napi::Value PerformInside(const Napi::CallbackInfo& info, size_t callback, Threads::Work work) {
  int ns = info[0].As<Napi::Number>().Int32Value();
  auto held = std::make_shared<Fd>(ns < 0 ? open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
                                          : fcntl(ns, F_DUPFD_CLOEXEC, 0));
  if (held->get() < 0) {
    ErrorOf(info.Env(), Outcome::Failed(ns < 0 ? "open" : "dup")).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  return Perform(info, callback, [held, work] { return InNamespace(held->get(), work); });
}

// readSysfs(ns, paths, callback?): what is in the files, each ended by a NUL; of a folder, the names in it, one a line.
Napi::Value ReadSysfs(const Napi::CallbackInfo& info) {
  return PerformInside(info, 2, [paths = Strings(info[1])] { return ReadAll(paths); });
}

// writeSysfs(ns, paths, text, callback?): writes the text to each of the files, up to the first that refuses it.
Napi::Value WriteSysfs(const Napi::CallbackInfo& info) {
  return PerformInside(info, 3, [paths = Strings(info[1]), text = info[2].As<Napi::String>().Utf8Value()] {
    return WriteAll(paths, text);
  });
}

}  // namespace

void InitSysfs(Napi::Env env, Napi::Object exports) {
  exports.Set("readSysfs", Napi::Function::New(env, ReadSysfs));
  exports.Set("writeSysfs", Napi::Function::New(env, WriteSysfs));
}

}  // namespace nslink
