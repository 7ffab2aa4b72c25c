#include "rootless.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <vector>

#include "failure.h"

namespace nslink {

namespace {

// Closes both ends on every way out, unless an end is released to somebody else.
struct Pipe {
  int ends[2] = {-1, -1};

  ~Pipe() {
    Close(0);
    Close(1);
  }
  bool Open() { return pipe2(ends, O_CLOEXEC) == 0; }
  void Close(int end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
  int Release(int end) {
    int fd = ends[end];
    ends[end] = -1;
    return fd;
  }
};

// Something that stays where it is while a new file system is mounted on the directory that holds it.
struct Kept {
  std::string path;
  std::string link;  // where a symbolic link points; empty for anything else
  bool directory;
  int tree = -1;
};

enum Stream { kPipe = -1, kNull = -2 };  // any other is the descriptor to hand over

// Everything the child needs. Between fork and exec it may not allocate: other threads' locks are copied in whatever
// state they were.
struct Plan {
  std::vector<std::string> files;  // tried in order, as a search of PATH does; none: prepare everything, then exit
  std::vector<std::string> arguments, environment;
  std::vector<char*> argv, envp;
  std::string cwd;  // empty: stay
  std::optional<std::vector<Kept>> run;  // none: /run/netns exists and /run itself can stay
  std::vector<Kept> sys;
  int streams[3];
  std::string uid_map = "0 " + std::to_string(geteuid()) + " 1\n";
  std::string gid_map = "0 " + std::to_string(getegid()) + " 1\n";
  pid_t parent = getpid();
};

// What the child could not do. Both sides of a fork have the same memory at the same addresses, so the pointers, to
// literals and into the plan, mean the same to the parent.
struct Report {
  const char* syscall;
  const char* path;
  int error;
};

int WriteFile(const char* path, const char* text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  return fd < 0 ? -1 : static_cast<int>(write(fd, text, strlen(text)));
}

// <sys/mount.h> and <linux/mount.h> exclude each other, and an older C library's lacks constants needed here.
int Mount(const char* type, const char* target, unsigned long flags, const char* options) {
  return static_cast<int>(syscall(SYS_mount, type, target, type, flags, options));
}

int MountTmpfs(const char* target) { return Mount("tmpfs", target, MS_NOSUID | MS_NODEV, "mode=755"); }

// Holds by a descriptor what a mount is about to hide, unless it is gone by now.
int Take(std::vector<Kept>& kept) {
  constexpr int kFlags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW;
  for (Kept& one : kept) {
    if (!one.link.empty()) continue;
    one.tree = static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, one.path.c_str(), kFlags));
    if (one.tree < 0 && errno != ENOENT) return -1;
  }
  return 0;
}

// Puts it back where it was.
int PutBack(const std::vector<Kept>& kept) {
  for (const Kept& one : kept) {
    const char* path = one.path.c_str();
    if (!one.link.empty() && symlink(one.link.c_str(), path) < 0) return -1;
    if (one.tree < 0) continue;
    // A tmpfs has no place for it yet. A sysfs has, or else it has lost it and lets nobody make another.
    int made = one.directory ? mkdir(path, 0755) : mknod(path, S_IFREG | 0644, 0);
    if (made < 0 && errno != EEXIST) continue;
    if (syscall(SYS_move_mount, one.tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0) return -1;
  }
  return 0;
}

int CoverRun(std::vector<Kept>& kept) {
  if (Take(kept) < 0 || MountTmpfs("/run") < 0 || PutBack(kept) < 0) return -1;
  return mkdir("/run/netns", 0755) < 0 && errno != EEXIST ? -1 : 0;
}

// The kernel allows a new sysfs only where the old one is seen whole, and no freer than the old one is. In a container
// that masks parts of it the old one stays, and with it the outer namespace's /sys/class/net.
int CoverSys(std::vector<Kept>& kept) {
  struct statfs old;
  if (statfs("/sys", &old) < 0) return -1;
  // statfs tells these flags by the numbers that mount takes.
  unsigned long flags = old.f_flags & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME);
  if (Take(kept) < 0) return -1;
  if (Mount("sysfs", "/sys", flags, nullptr) < 0) return errno == EPERM ? 0 : -1;
  return PutBack(kept);
}

// A new lo has no flags that would have to be kept.
int BringUpLoopback() {
  ifreq request{};
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &request);
}

// A descriptor above the three standard ones, so that setting up one stream cannot overwrite the source of another.
int Above(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 3); }

// The child's whole life before the program. Called in a copy of a process with threads: async-signal-safe calls only.
// Descriptors are not closed here; all of them are close-on-exec.
[[noreturn]] void Become(Plan& plan, int report_to, const int (&pipes)[3]) {
  int report = Above(report_to);
  auto must = [&](const char* call, const char* path, int result) {
    if (result >= 0) return result;
    Report failed{call, path, errno};
    // Should even this fail, the parent takes the exit status for the program's.
    if (write(report, &failed, sizeof failed) < 0) _exit(126);
    _exit(127);
  };

  must("unshare", "", unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS));
  must("write", "/proc/self/setgroups", WriteFile("/proc/self/setgroups", "deny"));
  must("write", "/proc/self/uid_map", WriteFile("/proc/self/uid_map", plan.uid_map.c_str()));
  must("write", "/proc/self/gid_map", WriteFile("/proc/self/gid_map", plan.gid_map.c_str()));

  must("mount", "/", Mount(nullptr, "/", MS_REC | MS_PRIVATE, nullptr));
  if (plan.run) must("mount", "/run", CoverRun(*plan.run));
  must("mount", "/run/netns", MountTmpfs("/run/netns"));
  must("mount", "/sys", CoverSys(plan.sys));
  must("ioctl", "lo", BringUpLoopback());

  // After the last change of credentials, which would clear it. If the parent died before this, nothing will be sent.
  must("prctl", "", prctl(PR_SET_PDEATHSIG, SIGKILL));
  if (getppid() != plan.parent) _exit(127);

  if (!plan.cwd.empty()) must("chdir", plan.cwd.c_str(), chdir(plan.cwd.c_str()));

  int sources[3];
  for (int i = 0; i < 3; i++) {
    int stream = plan.streams[i];
    int source = stream == kPipe   ? pipes[i]
                 : stream == kNull ? must("open", "/dev/null", open("/dev/null", O_RDWR | O_CLOEXEC))
                                   : stream;
    sources[i] = must("dup", "", Above(source));
  }
  for (int i = 0; i < 3; i++) {
    must("dup2", "", dup2(sources[i], i));
    // Node makes the descriptors it reads non-blocking; few programs expect that of their standard streams.
    must("fcntl", "", fcntl(i, F_SETFL, fcntl(i, F_GETFL) & ~O_NONBLOCK));
  }

  // Node's handlers must be gone before a signal is let in.
  for (int i = 1; i < NSIG; i++) signal(i, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);

  if (plan.files.empty()) _exit(0);
  int error = ENOENT;
  for (const std::string& file : plan.files) {
    execve(file.c_str(), plan.argv.data(), plan.envp.data());
    // As in a shell: a file that may not be run is passed over, but it is what the error tells of in the end.
    bool go_on = errno == EACCES || errno == ENOENT || errno == ENOTDIR;
    if (error != EACCES || !go_on) error = errno;
    if (!go_on) break;
  }
  errno = error;
  must("execve", "", -1);
  _exit(127);
}

std::vector<std::string> Strings(const Napi::Value& value) {
  Napi::Array array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); i++) strings.push_back(array.Get(i).As<Napi::String>().Utf8Value());
  return strings;
}

std::vector<Kept> KeptOf(const Napi::Value& value) {
  Napi::Array array = value.As<Napi::Array>();
  std::vector<Kept> kept;
  for (uint32_t i = 0; i < array.Length(); i++) {
    Napi::Object one = array.Get(i).As<Napi::Object>();
    kept.push_back({one.Get("path").As<Napi::String>().Utf8Value(), one.Get("link").As<Napi::String>().Utf8Value(),
                    one.Get("directory").As<Napi::Boolean>().Value()});
  }
  return kept;
}

// The strings as execve wants them; they must stay where they are meanwhile.
std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A program that was started. Whoever drops it unreaped, which is an environment that ends, kills it.
class Rootless : public Napi::ObjectWrap<Rootless> {
 public:
  static void Init(Napi::Env env, Napi::Object exports) {
    exports.Set("Rootless", DefineClass(env, "Rootless",
                                        {
                                            InstanceMethod("wait", &Rootless::Wait),
                                            InstanceAccessor<&Rootless::Pid>("pid"),
                                            InstanceAccessor<&Rootless::PidFd>("pidfd"),
                                            InstanceAccessor<&Rootless::Streams>("streams"),
                                        }));
  }

  // new Rootless({ files, argv, env, cwd, streams, run, sys })
  explicit Rootless(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Rootless>(info) {
    // An environment that is being ended gives us no object: nobody would reap what is started here.
    if (IsEmpty()) return;
    Napi::Object given = info[0].As<Napi::Object>();
    Plan plan;
    plan.files = Strings(given.Get("files"));
    plan.arguments = Strings(given.Get("argv"));
    plan.environment = Strings(given.Get("env"));
    plan.argv = Pointers(plan.arguments);
    plan.envp = Pointers(plan.environment);
    plan.cwd = given.Get("cwd").As<Napi::String>().Utf8Value();
    if (given.Get("run").IsArray()) plan.run = KeptOf(given.Get("run"));
    plan.sys = KeptOf(given.Get("sys"));
    Napi::Array streams = given.Get("streams").As<Napi::Array>();
    for (uint32_t i = 0; i < 3; i++) plan.streams[i] = streams.Get(i).As<Napi::Number>().Int32Value();
    Outcome outcome = Start(plan);
    if (outcome.error != 0) ErrorOf(info.Env(), outcome).ThrowAsJavaScriptException();
  }

  ~Rootless() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      Reap();
    }
  }

 private:
  Outcome Start(Plan& plan) {
    Pipe report, pipes[3];
    if (!report.Open()) return Outcome::Failed("pipe");
    for (int i = 0; i < 3; i++) {
      if (plan.streams[i] == kPipe && !pipes[i].Open()) return Outcome::Failed("pipe");
    }
    // The child reads from the first stream and writes to the others.
    const int theirs[3] = {pipes[0].ends[0], pipes[1].ends[1], pipes[2].ends[1]};

    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_ = fork();
    if (pid_ == 0) Become(plan, report.ends[1], theirs);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid_ < 0) return Outcome::Failed("fork", "", error);

    // The pipe ends without a word when exec closes the child's side of it.
    report.Close(1);
    Report failed{};
    while (read(report.ends[0], &failed, sizeof failed) < 0 && errno == EINTR) continue;
    if (failed.error != 0) {
      Reap();
      return Outcome::Failed(failed.syscall, failed.path, failed.error);
    }
    pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    if (pidfd_ < 0) {
      Outcome outcome = Outcome::Failed("pidfd_open");
      kill(pid_, SIGKILL);
      Reap();
      return outcome;
    }
    ours_[0] = pipes[0].Release(1);
    ours_[1] = pipes[1].Release(0);
    ours_[2] = pipes[2].Release(0);
    return Outcome::Of(0);
  }

  // Only this child: the process's other children belong to libuv.
  Outcome Reap() {
    if (pid_ < 0) return Outcome::Failed("waitpid", "", ECHILD);
    int status = 0;
    pid_t reaped;
    do reaped = waitpid(pid_, &status, 0);
    while (reaped < 0 && errno == EINTR);
    Outcome outcome = reaped < 0           ? Outcome::Failed("waitpid")
                      : WIFSIGNALED(status) ? Outcome::Of(-WTERMSIG(status))
                                            : Outcome::Of(WEXITSTATUS(status));
    if (pidfd_ >= 0) close(pidfd_);
    pid_ = pidfd_ = -1;
    return outcome;
  }

  // wait(): the exit code, or the number of the signal that ended it, negative. At once when `pidfd` is readable,
  // which it closes.
  Napi::Value Wait(const Napi::CallbackInfo& info) {
    Outcome outcome = Reap();
    if (outcome.error == 0) return ValueOf(info.Env(), outcome);
    ErrorOf(info.Env(), outcome).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }

  Napi::Value Pid(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), pid_); }

  // Readable when the program has ended.
  Napi::Value PidFd(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), pidfd_); }

  // The caller's ends of the pipes, its own from now on; -1 where there is none.
  Napi::Value Streams(const Napi::CallbackInfo& info) {
    Napi::Array streams = Napi::Array::New(info.Env(), 3);
    for (uint32_t i = 0; i < 3; i++) streams.Set(i, Napi::Number::New(info.Env(), ours_[i]));
    return streams;
  }

  pid_t pid_ = -1;
  int pidfd_ = -1;
  int ours_[3] = {-1, -1, -1};
};

}  // namespace

void InitRootless(Napi::Env env, Napi::Object exports) { Rootless::Init(env, exports); }

}  // namespace nslink
