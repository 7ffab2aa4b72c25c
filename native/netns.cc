#include "netns.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "socket.h"
#include "threads.h"

namespace nslink {

namespace {

constexpr const char* kOwn = "/proc/thread-self/ns/net";

Outcome OpenPath(const std::string& path, int flags, mode_t mode = 0) {
  int fd = open(path.c_str(), flags | O_CLOEXEC, mode);
  return fd < 0 ? Outcome::Failed("open", path) : Outcome::Opened(fd);
}

// Names are kept as bind mounts. The folder is a shared mount of its own, as `ip netns` makes it, so that a name made
// in one mount namespace appears in the others and deleting it there unmounts it everywhere.
Outcome PrepareFolder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return Outcome::Failed("mkdir", folder);
  Outcome lock = OpenPath(folder, O_RDONLY | O_DIRECTORY);
  if (lock.error != 0) return lock;
  // Two processes (or two threads) doing this at once would stack one mount upon the other.
  if (flock(lock.fd->get(), LOCK_EX) != 0) return Outcome::Failed("flock", folder);
  if (mount("", folder.c_str(), "none", MS_SHARED | MS_REC, nullptr) == 0) return Outcome::Of(0);
  if (errno != EINVAL) return Outcome::Failed("mount", folder);
  if (mount(folder.c_str(), folder.c_str(), "none", MS_BIND | MS_REC, nullptr) != 0 ||
      mount("", folder.c_str(), "none", MS_SHARED | MS_REC, nullptr) != 0) {
    return Outcome::Failed("mount", folder);
  }
  return Outcome::Of(0);
}

// Moves the calling thread into a new namespace, where it opens a socket, too: another thread would have to come here
// for it.
Outcome Unshare(int protocol, int buffer) {
  if (unshare(CLONE_NEWNET) != 0) return Outcome::Failed("unshare");
  Outcome made = OpenPath(kOwn, O_RDONLY);
  if (made.error != 0) return made;
  Outcome socket = OpenSocket(protocol, buffer);
  if (socket.error != 0) return socket;
  made.socket = socket.fd;
  return made;
}

// A thread that may not leave its namespace has another one make it, and meanwhile makes the file the name is mounted on.
// Anything else waits until there is a namespace: that is what privilege may refuse, and then all has to be as it was.
Outcome CreateNamed(const std::string& folder, const std::string& name, int protocol, int buffer, bool may_leave) {
  std::string path = folder + "/" + name;
  Outcome made;
  Thread thread;
  auto unshare = [&] { made = Unshare(protocol, buffer); };
  if (may_leave) {
    unshare();
  } else if (int error = thread.Start(unshare)) {
    return Outcome::Failed("clone", "", error);
  }
  auto create = [&] { return OpenPath(path, O_RDONLY | O_CREAT | O_EXCL); };
  Outcome file = create();
  thread.Join();
  auto mounted = [&] {
    Outcome prepared = PrepareFolder(folder);
    if (prepared.error != 0) return prepared;
    if (file.error == ENOENT) file = create();
    if (file.error != 0) return file;
    std::string source = "/proc/self/fd/" + std::to_string(made.fd->get());
    return mount(source.c_str(), path.c_str(), "none", MS_BIND, nullptr) == 0 ? made : Outcome::Failed("mount", path);
  };
  if (made.error == 0) made = mounted();
  if (made.error != 0 && file.error == 0) unlink(path.c_str());
  return made;
}

Outcome OnThread(Threads::Work work) {
  Outcome outcome;
  Thread thread;
  int error = thread.Start([&] { outcome = work(); });
  if (error != 0) return Outcome::Failed("clone", "", error);
  thread.Join();
  return outcome;
}

// A path that is no network namespace would only be noticed at the first setns, far from the mistake.
Outcome OpenNamespace(const std::string& path) {
  Outcome opened = OpenPath(path, O_RDONLY | O_NONBLOCK);
  // A socket cannot even be opened.
  if (opened.error == ENXIO) return Outcome::Failed("setns", path, EINVAL);
  if (opened.error != 0) return opened;
  if (ioctl(opened.fd->get(), NS_GET_NSTYPE) != CLONE_NEWNET) return Outcome::Failed("setns", path, EINVAL);
  return opened;
}

// As `ip netns del`: unmounted lazily, since others may hold it open; a name whose mount is gone is just a file.
Outcome Delete(const std::string& path) {
  if (umount2(path.c_str(), MNT_DETACH) != 0 && errno != EINVAL) return Outcome::Failed("umount", path);
  if (unlink(path.c_str()) != 0) return Outcome::Failed("unlink", path);
  return Outcome::Of(0);
}

Outcome ReadFile(const std::string& path) {
  Outcome opened = OpenPath(path, O_RDONLY);
  if (opened.error != 0) return opened;
  std::string text;
  char part[4096];
  for (;;) {
    ssize_t length = read(opened.fd->get(), part, sizeof part);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return Outcome::Failed("read", path);
    if (length == 0) return Outcome::Text(std::move(text));
    text.append(part, length);
  }
}

// In one write, as the files under /proc/sys want it. How many bytes were taken is part of the answer.
Outcome WriteFile(const std::string& path, const std::string& text) {
  Outcome opened = OpenPath(path, O_WRONLY);
  if (opened.error != 0) return opened;
  ssize_t length;
  do length = write(opened.fd->get(), text.data(), text.size());
  while (length < 0 && errno == EINTR);
  return length < 0 ? Outcome::Failed("write", path) : Outcome::Of(length);
}

std::string Text(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }
int Integer(const Napi::Value& value) { return value.As<Napi::Number>().Int32Value(); }

bool OffThread(const Napi::CallbackInfo& info, size_t callback) {
  return info.Length() > callback && info[callback].IsFunction();
}

// createNamespace(folder, name, protocol, buffer, callback?): a descriptor, whose `socket` is a netlink socket in the new
// namespace. An empty name makes an anonymous namespace.
Napi::Value CreateNamespace(const Napi::CallbackInfo& info) {
  std::string name = Text(info[1]);
  int protocol = Integer(info[2]), buffer = Integer(info[3]);
  // A job has a thread to itself.
  bool job = OffThread(info, 4);
  if (!name.empty()) {
    return Perform(info, 4, [folder = Text(info[0]), name, protocol, buffer, job] {
      return CreateNamed(folder, name, protocol, buffer, job);
    });
  }
  auto unshare = [protocol, buffer] { return Unshare(protocol, buffer); };
  if (job) return Perform(info, 4, unshare);
  return Perform(info, 4, [unshare] { return OnThread(unshare); });
}

// openNamespace(path): a descriptor.
Napi::Value OpenNamespaceAt(const Napi::CallbackInfo& info) {
  return Perform(info, 1, [path = Text(info[0])] { return OpenNamespace(path); });
}

// deleteNamespace(path, callback?)
Napi::Value DeleteNamespace(const Napi::CallbackInfo& info) {
  return Perform(info, 1, [path = Text(info[0])] { return Delete(path); });
}

// Work inside the namespace `info[0]`, off-thread when `info[callback]` is a function. A job may start after its caller
// has closed the namespace, and on a thread that another job's thread made: so it holds a descriptor of its own, even for
// the caller's namespace (-1).
Napi::Value PerformInside(const Napi::CallbackInfo& info, size_t callback, Threads::Work work) {
  int ns = Integer(info[0]);
  if (!OffThread(info, callback)) return Perform(info, callback, [ns, work] { return InNamespace(ns, work); });
  auto held = std::make_shared<Fd>(ns < 0 ? open(kOwn, O_RDONLY | O_CLOEXEC) : fcntl(ns, F_DUPFD_CLOEXEC, 0));
  if (held->get() < 0) {
    ErrorOf(info.Env(), Outcome::Failed(ns < 0 ? "open" : "dup")).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  return Perform(info, callback, [held, work] {
    return setns(held->get(), CLONE_NEWNET) == 0 ? work() : Outcome::Failed("setns");
  });
}

// openFile(ns, path, flags, callback?): a descriptor of the file as it is seen from the namespace; it stays that file
// wherever it is used.
Napi::Value OpenFileIn(const Napi::CallbackInfo& info) {
  return PerformInside(info, 3, [path = Text(info[1]), flags = Integer(info[2])] { return OpenPath(path, flags); });
}

// readFile(ns, path, callback?): the text.
Napi::Value ReadFileIn(const Napi::CallbackInfo& info) {
  return PerformInside(info, 2, [path = Text(info[1])] { return ReadFile(path); });
}

// writeFile(ns, path, text, callback?): the number of bytes taken.
Napi::Value WriteFileIn(const Napi::CallbackInfo& info) {
  return PerformInside(info, 3, [path = Text(info[1]), text = Text(info[2])] { return WriteFile(path, text); });
}

// libuv starts all threads of its pool at the first use, in the namespace of the thread that used it. Before this
// thread ever leaves its own namespace, that first use has to be behind us.
void StartPool(Napi::Env env) {
  static std::once_flag once;
  struct Nothing : Napi::AsyncWorker {
    explicit Nothing(Napi::Env env) : Napi::AsyncWorker(env) {}
    void Execute() override {}
  };
  std::call_once(once, [env] { (new Nothing(env))->Queue(); });
}

// runInside(ns, function): calls the function with this very thread inside the namespace. A thread that cannot get
// back would go on in the wrong namespace unknown to anybody, so then the process ends.
Napi::Value RunInside(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  StartPool(env);
  Outcome own = OpenPath(kOwn, O_RDONLY);
  if (own.error == 0 && setns(Integer(info[0]), CLONE_NEWNET) != 0) {
    own = Outcome::Failed("setns");
  }
  if (own.error != 0) {
    ErrorOf(env, own).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  // An exception the function throws is left pending and reaches the caller after the way back.
  Napi::Value result = info[1].As<Napi::Function>().Call({});
  if (setns(own.fd->get(), CLONE_NEWNET) != 0) {
    perror("nslink: cannot return to the network namespace the thread came from");
    abort();
  }
  return result;
}

}  // namespace

void InitNetns(Napi::Env env, Napi::Object exports) {
  exports.Set("createNamespace", Napi::Function::New(env, CreateNamespace));
  exports.Set("openNamespace", Napi::Function::New(env, OpenNamespaceAt));
  exports.Set("deleteNamespace", Napi::Function::New(env, DeleteNamespace));
  exports.Set("openFile", Napi::Function::New(env, OpenFileIn));
  exports.Set("readFile", Napi::Function::New(env, ReadFileIn));
  exports.Set("writeFile", Napi::Function::New(env, WriteFileIn));
  exports.Set("runInside", Napi::Function::New(env, RunInside));
}

}  // namespace nslink
