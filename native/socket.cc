#include "socket.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "threads.h"

namespace nslink {

namespace {

// The kernel builds dump datagrams of at most 32 KiB and no answer known is larger than 64; a receive is only started
// with this much room, so a datagram cut short is a fault, reported as EMSGSIZE, and not an accident of buffering.
constexpr size_t kRoom = 64 * 1024;

// One datagram: its length, 0 for one that is not the kernel's, or a negative errno.
ssize_t ReceiveOne(int fd, uint8_t* into, size_t room, int flags) {
  sockaddr_nl from{};
  iovec part{into, room};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ssize_t length;
  do length = recvmsg(fd, &message, flags);
  while (length < 0 && errno == EINTR);
  if (length < 0) return -errno;
  if (message.msg_flags & MSG_TRUNC) return -EMSGSIZE;
  return from.nl_pid == 0 ? length : 0;
}

// Whether a datagram holds the end of the list that was asked for under a sequence number: the end itself, or an error.
bool EndsList(const uint8_t* data, size_t length, uint32_t sequence) {
  while (length >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    memcpy(&header, data, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > length) return false;
    bool end = header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE;
    if (end && header.nlmsg_seq == sequence) return true;
    size_t step = std::min<size_t>(NLMSG_ALIGN(header.nlmsg_len), length);
    data += step;
    length -= step;
  }
  return false;
}

// The kernel answers requests while it is handed them, and makes a list piece by piece while it is read. So this receives what is there,
// and of a list (its sequence number; none: -1) all to its end; in both cases no more than `into` has room for. Bytes received, or -errno.
ssize_t Receive(int fd, uint8_t* into, size_t size, int64_t list) {
  size_t used = 0;
  for (bool ended = false; !ended && size - used >= kRoom;) {
    ssize_t length = ReceiveOne(fd, into + used, size - used, list < 0 ? MSG_DONTWAIT : 0);
    if (length == -EAGAIN) break;
    if (length < 0) return length;
    ended = list >= 0 && EndsList(into + used, length, list);
    used = std::min<size_t>(NLMSG_ALIGN(used + length), size);
  }
  return used;
}

ssize_t SendAll(int fd, const uint8_t* data, size_t length) {
  ssize_t sent;
  do sent = send(fd, data, length, 0);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

ssize_t Exchange(int fd, const uint8_t* data, size_t length, uint8_t* into, size_t size, int64_t list) {
  ssize_t sent = SendAll(fd, data, length);
  return sent < 0 ? sent : Receive(fd, into, size, list);
}

// Buffers beyond the system's limit take a privilege that an ordinary user's namespace does not give; then the limit.
void SetBuffer(int fd, int forced, int plain, int bytes) {
  if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) != 0) {
    setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof bytes);
  }
}

uint8_t* Bytes(const Napi::Value& value, size_t* length) {
  auto array = value.As<Napi::Uint8Array>();
  *length = array.ByteLength();
  return array.Data();
}

// Hot methods answer with a negative errno instead of throwing; JavaScript knows what it asked for and says so better.
class Socket : public Napi::ObjectWrap<Socket> {
 public:
  static void Init(Napi::Env env, Napi::Object exports) {
    exports.Set("Socket", DefineClass(env, "Socket",
                                      {
                                          InstanceMethod("exchange", &Socket::Exchange),
                                          InstanceMethod("exchangeOnThread", &Socket::ExchangeOnThread),
                                          InstanceMethod("receive", &Socket::Receive),
                                          InstanceMethod("receiveEvents", &Socket::ReceiveEvents),
                                          InstanceMethod("wait", &Socket::Wait),
                                          InstanceMethod("join", &Socket::Join),
                                          InstanceMethod("index", &Socket::Index),
                                          InstanceMethod("name", &Socket::Name),
                                          InstanceMethod("close", &Socket::Close),
                                          InstanceAccessor<&Socket::Fd>("fd"),
                                          InstanceAccessor<&Socket::ReceiveBuffer>("receiveBuffer"),
                                      }));
  }

  // new Socket(ns, protocol, buffer): ns is a namespace's file descriptor, or -1 for the calling thread's. Or new Socket(opened),
  // a descriptor of one that is open already.
  explicit Socket(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Socket>(info) {
    // An environment that is being ended gives us no object: nobody would close what is opened here.
    if (IsEmpty()) return;
    if (info[0].IsObject()) {
      fd_ = Descriptor::Release(info[0]);
      return;
    }
    int ns = info[0].As<Napi::Number>().Int32Value();
    int protocol = info[1].As<Napi::Number>().Int32Value();
    int buffer = info[2].As<Napi::Number>().Int32Value();
    Outcome outcome = InNamespace(ns, [=] { return OpenSocket(protocol, buffer); });
    if (outcome.error != 0) {
      ErrorOf(info.Env(), outcome).ThrowAsJavaScriptException();
      return;
    }
    fd_ = outcome.fd->Release();
  }

  ~Socket() override { Shut(); }

 private:
  // exchange(data, length, into, list): see Receive.
  Napi::Value Exchange(const Napi::CallbackInfo& info) {
    size_t size, room;
    const uint8_t* data = Bytes(info[0], &size);
    size_t length = info[1].As<Napi::Number>().Uint32Value();
    uint8_t* into = Bytes(info[2], &room);
    ssize_t result = nslink::Exchange(fd_, data, std::min(length, size), into, room, info[3].As<Napi::Number>().Int64Value());
    return Napi::Number::New(info.Env(), static_cast<double>(result));
  }

  // exchangeOnThread(data, length, into, list, callback(received)): the buffers must be left alone until then.
  Napi::Value ExchangeOnThread(const Napi::CallbackInfo& info) {
    struct Held {
      Napi::Reference<Napi::Uint8Array> data, into;
      Napi::ObjectReference socket;
      Napi::FunctionReference callback;
    };
    size_t size, room;
    const uint8_t* data = Bytes(info[0], &size);
    size_t length = std::min<size_t>(info[1].As<Napi::Number>().Uint32Value(), size);
    uint8_t* into = Bytes(info[2], &room);
    int64_t list = info[3].As<Napi::Number>().Int64Value();
    auto held = std::make_shared<Held>();
    held->data = Napi::Persistent(info[0].As<Napi::Uint8Array>());
    held->into = Napi::Persistent(info[2].As<Napi::Uint8Array>());
    held->socket = Napi::Persistent(info.This().As<Napi::Object>());
    held->callback = Napi::Persistent(info[4].As<Napi::Function>());
    busy_ = true;
    info.Env().GetInstanceData<Addon>()->threads.Submit(
        info.Env(),
        [fd = fd_, data, length, into, room, list] {
          return Outcome::Of(nslink::Exchange(fd, data, length, into, room, list));
        },
        [this, held](Napi::Env env, const Outcome& outcome) {
          busy_ = false;
          if (closing_) Shut();
          // A failure here is that no thread could be had; nothing was sent then.
          double result = outcome.error != 0 ? -outcome.error : static_cast<double>(outcome.value);
          held->callback.MakeCallback(env.Global(), {Napi::Number::New(env, result)});
        });
    return info.Env().Undefined();
  }

  // receive(into, list): goes on with a list that did not fit.
  Napi::Value Receive(const Napi::CallbackInfo& info) {
    size_t room;
    uint8_t* into = Bytes(info[0], &room);
    return Napi::Number::New(info.Env(), static_cast<double>(nslink::Receive(fd_, into, room, info[1].As<Napi::Number>().Int64Value())));
  }

  // receiveEvents(into): what has arrived, without waiting; 0 when nothing has.
  Napi::Value ReceiveEvents(const Napi::CallbackInfo& info) {
    size_t room, used = 0;
    uint8_t* into = Bytes(info[0], &room);
    while (failure_ == 0 && room - used >= kRoom) {
      ssize_t length = ReceiveOne(fd_, into + used, room - used, MSG_DONTWAIT);
      if (length == -EAGAIN) break;
      if (length < 0) {
        failure_ = length;
        break;
      }
      used = std::min<size_t>(NLMSG_ALIGN(used + length), room);
    }
    // What arrived before a failure is delivered before it. The kernel tells of a failure once.
    ssize_t result = used > 0 ? static_cast<ssize_t>(used) : std::exchange(failure_, 0);
    return Napi::Number::New(info.Env(), static_cast<double>(result));
  }

  // wait(milliseconds): 1 when something has arrived, 0 when the time is over, or -errno. Below 0: for ever.
  Napi::Value Wait(const Napi::CallbackInfo& info) {
    pollfd one{fd_, POLLIN, 0};
    int result = poll(&one, 1, info[0].As<Napi::Number>().Int32Value());
    return Napi::Number::New(info.Env(), result < 0 ? -errno : result);
  }

  // join(group): from now on events of this multicast group arrive. 0 or -errno.
  Napi::Value Join(const Napi::CallbackInfo& info) {
    int group = info[0].As<Napi::Number>().Int32Value();
    int result = setsockopt(fd_, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group);
    return Napi::Number::New(info.Env(), result == 0 ? 0 : -errno);
  }

  // index(name): the device's index in this socket's namespace, or -errno. Takes no lock that writers hold for long.
  Napi::Value Index(const Napi::CallbackInfo& info) {
    // With room to spare: a name that is too long, or has a NUL in it, must not pass for the name of another device.
    char name[4 * IFNAMSIZ];
    size_t length = 0;
    napi_get_value_string_utf8(info.Env(), info[0], name, sizeof name, &length);
    if (length >= IFNAMSIZ || strlen(name) != length) return Napi::Number::New(info.Env(), -ENODEV);
    ifreq request{};
    memcpy(request.ifr_name, name, length);
    int result = ioctl(fd_, SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : -errno;
    return Napi::Number::New(info.Env(), result);
  }

  // name(index): the device's name, or undefined when there is no such device.
  Napi::Value Name(const Napi::CallbackInfo& info) {
    ifreq request{};
    request.ifr_ifindex = info[0].As<Napi::Number>().Int32Value();
    if (ioctl(fd_, SIOCGIFNAME, &request) != 0) return info.Env().Undefined();
    return Napi::String::New(info.Env(), request.ifr_name);
  }

  // A thread that is using the descriptor keeps it: closing it now could let it be reused under that thread.
  Napi::Value Close(const Napi::CallbackInfo& info) {
    closing_ = true;
    if (!busy_) Shut();
    return info.Env().Undefined();
  }

  Napi::Value Fd(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), fd_); }

  Napi::Value ReceiveBuffer(const Napi::CallbackInfo& info) {
    int bytes = 0;
    socklen_t size = sizeof bytes;
    getsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, &size);
    return Napi::Number::New(info.Env(), bytes);
  }

  void Shut() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  int fd_ = -1;
  ssize_t failure_ = 0;  // of receiveEvents, not told yet
  bool busy_ = false;
  bool closing_ = false;
};

}  // namespace

Outcome OpenSocket(int protocol, int buffer) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (fd < 0) return Outcome::Failed("socket");
  Outcome opened = Outcome::Opened(fd);
  int on = 1;
  // Kernels older than these options (4.12, 4.20) do without: errors say less, dumps filter less.
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  SetBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, buffer);
  SetBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, buffer);
  sockaddr_nl local{};
  local.nl_family = AF_NETLINK;
  if (bind(fd, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0) {
    return Outcome::Failed("bind");
  }
  return opened;
}

void InitSocket(Napi::Env env, Napi::Object exports) { Socket::Init(env, exports); }

}  // namespace nslink
