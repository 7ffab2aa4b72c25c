/*
 * The works on libmnl: one sendmsg and one recv an operation, the device's index looked up once. It stands for what
 * the kernel allows.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#define CHECK(what, ok) \
  do { \
    if (!(ok)) fail(what); \
  } while (0)

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static const char *prefix;

/* A socket, and the message on its way. */

struct talk {
  struct mnl_socket *socket;
  unsigned int port;
  unsigned int sequence;
};

/* The kernel sends lists in pieces of 32 KiB to those who have room for it. */
static char out[1024], in[32768];

static struct talk open_talk(void) {
  struct talk talk = {.socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC)};
  CHECK("socket", talk.socket != NULL);
  CHECK("bind", mnl_socket_bind(talk.socket, 0, MNL_SOCKET_AUTOPID) == 0);
  talk.port = mnl_socket_get_portid(talk.socket);
  return talk;
}

/* The index of a device in the namespace of the socket. */
static int index_of(const struct talk *talk, const char *name) {
  struct ifreq request = {0};
  snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
  return ioctl(mnl_socket_get_fd(talk->socket), SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

static struct nlmsghdr *message_at(char *at, struct talk *talk, int type, int flags) {
  struct nlmsghdr *header = mnl_nlmsg_put_header(at);
  header->nlmsg_type = type;
  header->nlmsg_flags = NLM_F_REQUEST | flags;
  header->nlmsg_seq = ++talk->sequence;
  return header;
}

static struct nlmsghdr *message(struct talk *talk, int type, int flags) { return message_at(out, talk, type, flags); }

/* Sends the message and takes in answers until the last. */
static void exchange(struct talk *talk, const struct nlmsghdr *header, mnl_cb_t callback, void *data) {
  CHECK("sendmsg", mnl_socket_sendto(talk->socket, header, header->nlmsg_len) > 0);
  int more;
  do {
    ssize_t length = mnl_socket_recvfrom(talk->socket, in, sizeof in);
    CHECK("recvmsg", length >= 0);
    more = mnl_cb_run(in, length, header->nlmsg_seq, talk->port, callback, data);
    CHECK("netlink", more >= MNL_CB_STOP);
  } while (more == MNL_CB_OK);
}

static void put_address(struct nlmsghdr *header, int type, const char *text, uint32_t plus) {
  struct in_addr address;
  inet_pton(AF_INET, text, &address);
  mnl_attr_put_u32(header, type, htonl(ntohl(address.s_addr) + plus));
}

/* Requests. */

static void address(struct talk *talk, int type, int flags, int index, const char *text, uint32_t plus) {
  struct nlmsghdr *header = message(talk, type, flags);
  struct ifaddrmsg *body = mnl_nlmsg_put_extra_header(header, sizeof *body);
  *body = (struct ifaddrmsg){.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = index};
  put_address(header, IFA_LOCAL, text, plus);
  put_address(header, IFA_ADDRESS, text, plus);
  exchange(talk, header, NULL, NULL);
}

#define ADD (NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)

/* A route to one address, or with no `to` the default route. */
static void put_route(struct nlmsghdr *header, int index, const char *to, uint32_t plus, const char *via, int scope,
                      int flags) {
  struct rtmsg *body = mnl_nlmsg_put_extra_header(header, sizeof *body);
  *body = (struct rtmsg){.rtm_family = AF_INET, .rtm_dst_len = to ? 32 : 0, .rtm_table = RT_TABLE_MAIN,
                         .rtm_protocol = RTPROT_BOOT, .rtm_scope = scope, .rtm_type = RTN_UNICAST, .rtm_flags = flags};
  if (to) put_address(header, RTA_DST, to, plus);
  if (via) put_address(header, RTA_GATEWAY, via, 0);
  mnl_attr_put_u32(header, RTA_OIF, index);
}

static void route(struct talk *talk, int index, const char *to, uint32_t plus, const char *via, int scope, int flags) {
  struct nlmsghdr *header = message(talk, RTM_NEWROUTE, ADD);
  put_route(header, index, to, plus, via, scope, flags);
  exchange(talk, header, NULL, NULL);
}

static void route_away(struct talk *talk, int index, const char *to, uint32_t plus, const char *via) {
  struct nlmsghdr *header = message(talk, RTM_DELROUTE, NLM_F_ACK);
  put_route(header, index, to, plus, via, RT_SCOPE_UNIVERSE, 0);
  exchange(talk, header, NULL, NULL);
}

static void link_up(struct talk *talk, int index) {
  struct nlmsghdr *header = message(talk, RTM_NEWLINK, NLM_F_ACK);
  struct ifinfomsg *body = mnl_nlmsg_put_extra_header(header, sizeof *body);
  *body = (struct ifinfomsg){.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  exchange(talk, header, NULL, NULL);
}

/* A veth that is up, with its other end, eth0, in another namespace. */
static void veth(struct talk *talk, const char *name, int namespace) {
  struct nlmsghdr *header = message(talk, RTM_NEWLINK, ADD);
  struct ifinfomsg *body = mnl_nlmsg_put_extra_header(header, sizeof *body);
  *body = (struct ifinfomsg){.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  mnl_attr_put_strz(header, IFLA_IFNAME, name);
  struct nlattr *info = mnl_attr_nest_start(header, IFLA_LINKINFO);
  mnl_attr_put_strz(header, IFLA_INFO_KIND, "veth");
  struct nlattr *data = mnl_attr_nest_start(header, IFLA_INFO_DATA);
  struct nlattr *peer = mnl_attr_nest_start(header, VETH_INFO_PEER);
  mnl_nlmsg_put_extra_header(header, sizeof(struct ifinfomsg));
  mnl_attr_put_strz(header, IFLA_IFNAME, "eth0");
  mnl_attr_put_u32(header, IFLA_NET_NS_FD, namespace);
  mnl_attr_nest_end(header, peer);
  mnl_attr_nest_end(header, data);
  mnl_attr_nest_end(header, info);
  exchange(talk, header, NULL, NULL);
}

/* Lists: every attribute is looked at, and what a program would want of it is kept. */

#define ATTRIBUTES 128

struct objects {
  char *items;
  size_t count, room;
};

static void *another(struct objects *objects, size_t size) {
  if (objects->count == objects->room) {
    objects->room = objects->room ? 2 * objects->room : 64;
    objects->items = realloc(objects->items, objects->room * size);
    CHECK("realloc", objects->items != NULL);
  }
  return memset(objects->items + size * objects->count++, 0, size);
}

static int note(const struct nlattr *attribute, void *data) {
  const struct nlattr **table = data;
  int type = mnl_attr_get_type(attribute);
  if (type < ATTRIBUTES) table[type] = attribute;
  return MNL_CB_OK;
}

static uint32_t number(const struct nlattr *attribute) { return attribute ? mnl_attr_get_u32(attribute) : 0; }

static void copy(void *to, size_t size, const struct nlattr *attribute) {
  if (!attribute) return;
  size_t length = mnl_attr_get_payload_len(attribute);
  memcpy(to, mnl_attr_get_payload(attribute), length < size ? length : size);
}

struct route {
  struct rtmsg header;
  uint8_t to[16], via[16], source[16];
  uint32_t table, device, metric;
};

static int route_seen(const struct nlmsghdr *header, void *data) {
  const struct nlattr *table[ATTRIBUTES] = {0};
  const struct rtmsg *body = mnl_nlmsg_get_payload(header);
  mnl_attr_parse(header, sizeof *body, note, table);
  if (number(table[RTA_TABLE]) != RT_TABLE_MAIN) return MNL_CB_OK;
  struct route *route = another(data, sizeof *route);
  route->header = *body;
  route->table = RT_TABLE_MAIN;
  copy(route->to, sizeof route->to, table[RTA_DST]);
  copy(route->via, sizeof route->via, table[RTA_GATEWAY]);
  copy(route->source, sizeof route->source, table[RTA_PREFSRC]);
  route->device = number(table[RTA_OIF]);
  route->metric = number(table[RTA_PRIORITY]);
  return MNL_CB_OK;
}

struct link {
  struct ifinfomsg header;
  char name[IFNAMSIZ], queueing[IFNAMSIZ], kind[IFNAMSIZ];
  uint8_t address[32], broadcast[32], state;
  uint32_t mtu, queue, group, master, other, sizes[6];
  struct rtnl_link_stats64 statistics;
};

static int link_seen(const struct nlmsghdr *header, void *data) {
  static const int sizes[] = {IFLA_MIN_MTU,      IFLA_MAX_MTU,      IFLA_NUM_TX_QUEUES,
                              IFLA_NUM_RX_QUEUES, IFLA_GSO_MAX_SIZE, IFLA_GSO_MAX_SEGS};
  const struct nlattr *table[ATTRIBUTES] = {0}, *info[ATTRIBUTES] = {0};
  const struct ifinfomsg *body = mnl_nlmsg_get_payload(header);
  struct link *link = another(data, sizeof *link);
  mnl_attr_parse(header, sizeof *body, note, table);
  link->header = *body;
  copy(link->name, sizeof link->name - 1, table[IFLA_IFNAME]);
  copy(link->queueing, sizeof link->queueing - 1, table[IFLA_QDISC]);
  copy(link->address, sizeof link->address, table[IFLA_ADDRESS]);
  copy(link->broadcast, sizeof link->broadcast, table[IFLA_BROADCAST]);
  copy(&link->state, sizeof link->state, table[IFLA_OPERSTATE]);
  link->mtu = number(table[IFLA_MTU]);
  link->queue = number(table[IFLA_TXQLEN]);
  link->group = number(table[IFLA_GROUP]);
  link->master = number(table[IFLA_MASTER]);
  link->other = number(table[IFLA_LINK]);
  for (size_t at = 0; at < MNL_ARRAY_SIZE(sizes); at++) link->sizes[at] = number(table[sizes[at]]);
  copy(&link->statistics, sizeof link->statistics, table[IFLA_STATS64]);
  if (table[IFLA_LINKINFO]) mnl_attr_parse_nested(table[IFLA_LINKINFO], note, info);
  copy(link->kind, sizeof link->kind - 1, info[IFLA_INFO_KIND]);
  return MNL_CB_OK;
}

/* Of one object that was asked for there is one message, and nothing else. */

static int route_asked(const struct nlmsghdr *header, void *data) {
  return route_seen(header, data) == MNL_CB_OK ? MNL_CB_STOP : MNL_CB_ERROR;
}

static int link_asked(const struct nlmsghdr *header, void *data) {
  return link_seen(header, data) == MNL_CB_OK ? MNL_CB_STOP : MNL_CB_ERROR;
}

static void list(struct talk *talk, int type, const void *body, size_t size, mnl_cb_t seen, size_t expected) {
  struct objects objects = {0};
  struct nlmsghdr *header = message(talk, type, NLM_F_DUMP);
  memcpy(mnl_nlmsg_put_extra_header(header, size), body, size);
  exchange(talk, header, seen, &objects);
  free(objects.items);
  if (objects.count == expected) return;
  fprintf(stderr, "%zu items were listed instead of %zu\n", objects.count, expected);
  exit(1);
}

/* Works: one operation each, and what follows a round. */

static struct talk host;
static int eth0;

/* Several requests in one sendmsg, and an acknowledgement for each. */
#define TOGETHER 64

static void all_routes(int count) {
  static char many[TOGETHER * 128];
  for (int done = 0; done < count;) {
    size_t length = 0;
    int end = count - done < TOGETHER ? count : done + TOGETHER;
    unsigned int answered = host.sequence;
    for (; done < end; done++) {
      struct nlmsghdr *header = message_at(many + length, &host, RTM_NEWROUTE, ADD);
      put_route(header, eth0, "10.64.0.0", done, "10.0.0.2", RT_SCOPE_UNIVERSE, 0);
      length += NLMSG_ALIGN(header->nlmsg_len);
    }
    CHECK("sendmsg", mnl_socket_sendto(host.socket, many, length) > 0);
    while (answered != host.sequence) {
      ssize_t received = mnl_socket_recvfrom(host.socket, in, sizeof in);
      CHECK("recvmsg", received >= 0);
      CHECK("netlink", mnl_cb_run(in, received, ++answered, host.port, NULL, NULL) >= MNL_CB_STOP);
    }
  }
}

static void one_address(int) {
  address(&host, RTM_NEWADDR, ADD, eth0, "10.0.0.1", 0);
  address(&host, RTM_DELADDR, NLM_F_ACK, eth0, "10.0.0.1", 0);
}

static void one_route(int index) { route(&host, eth0, "10.64.0.0", index, "10.0.0.2", RT_SCOPE_UNIVERSE, 0); }

static void list_routes(int) {
  struct rtmsg body = {.rtm_family = AF_INET};
  list(&host, RTM_GETROUTE, &body, sizeof body, route_seen, 10001);
}

static void list_links(int) {
  struct ifinfomsg body = {.ifi_family = AF_UNSPEC};
  list(&host, RTM_GETLINK, &body, sizeof body, link_seen, 1003);
}

/* Where there is much already. */

/* The first address that no route leads to that is made elsewhere. */
#define BEYOND (1 << 21)

static void one_more_route(int index) {
  route(&host, eth0, "10.64.0.0", BEYOND + index, "10.0.0.2", RT_SCOPE_UNIVERSE, 0);
  route_away(&host, eth0, "10.64.0.0", BEYOND + index, "10.0.0.2");
}

static void way_to(int index) {
  struct objects objects = {0};
  struct nlmsghdr *header = message(&host, RTM_GETROUTE, 0);
  struct rtmsg *body = mnl_nlmsg_put_extra_header(header, sizeof *body);
  *body = (struct rtmsg){.rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_flags = RTM_F_LOOKUP_TABLE};
  put_address(header, RTA_DST, "10.64.0.0", index % 100);
  exchange(&host, header, route_asked, &objects);
  if (objects.count != 1) fail("no way");
  free(objects.items);
}

static void one_link(int) {
  struct objects objects = {0};
  struct nlmsghdr *header = message(&host, RTM_GETLINK, 0);
  struct ifinfomsg *body = mnl_nlmsg_put_extra_header(header, sizeof *body);
  body->ifi_index = index_of(&host, "eth0");
  exchange(&host, header, link_asked, &objects);
  if (objects.count != 1) fail("no link");
  free(objects.items);
}

static void change_link(int index) {
  struct nlmsghdr *header = message(&host, RTM_NEWLINK, NLM_F_ACK);
  struct ifinfomsg *body = mnl_nlmsg_put_extra_header(header, sizeof *body);
  body->ifi_index = index_of(&host, "eth0");
  mnl_attr_put_u32(header, IFLA_TXQLEN, 1000 + index % 2);
  exchange(&host, header, NULL, NULL);
}

#define MAX_PODS 4096

static int home;
static struct pod {
  int namespace;
  struct talk talk;
} pods[MAX_PODS];
static int made;

/* Makes a namespace with a name, opens a socket in it, and comes back. */
static struct pod create(int index) {
  char path[256];
  struct pod pod;
  snprintf(path, sizeof path, "/run/netns/%s%d", prefix, index);
  int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
  CHECK(path, file >= 0);
  close(file);
  CHECK("unshare", unshare(CLONE_NEWNET) == 0);
  CHECK("mount", mount("/proc/thread-self/ns/net", path, NULL, MS_BIND, NULL) == 0);
  pod.namespace = open(path, O_RDONLY | O_CLOEXEC);
  CHECK(path, pod.namespace >= 0);
  pod.talk = open_talk();
  CHECK("setns", setns(home, CLONE_NEWNET) == 0);
  return pod;
}

static void write_setting(const char *path, const char *value) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  CHECK(path, file >= 0 && write(file, value, strlen(value)) > 0);
  close(file);
}

static void one_pod(int index) {
  char device[IFNAMSIZ], path[128];
  snprintf(device, sizeof device, "veth%d", index);
  snprintf(path, sizeof path, "/proc/sys/net/ipv4/conf/%s/proxy_arp", device);
  struct pod *pod = &pods[made++];
  *pod = create(index);
  veth(&host, device, pod->namespace);
  int inside = index_of(&pod->talk, "eth0");
  address(&pod->talk, RTM_NEWADDR, ADD, inside, "10.244.0.0", index);
  link_up(&pod->talk, inside);
  route(&pod->talk, inside, NULL, 0, "169.254.10.24", RT_SCOPE_UNIVERSE, RTNH_F_ONLINK);
  write_setting(path, "1");
  route(&host, index_of(&host, device), "10.244.0.0", index, NULL, RT_SCOPE_LINK, 0);
}

/* The namespaces that have the names of this run, held open with a socket in each. */
static void open_all(void) {
  char path[256];
  for (; made < MAX_PODS; made++) {
    snprintf(path, sizeof path, "/run/netns/%s%d", prefix, made);
    int namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace < 0) break;
    CHECK("setns", setns(namespace, CLONE_NEWNET) == 0);
    pods[made] = (struct pod){namespace, open_talk()};
  }
  CHECK("setns", setns(home, CLONE_NEWNET) == 0);
}

static void address_in_each(int index) {
  if (made == 0) open_all();
  struct talk *talk = &pods[index % made].talk;
  int lo = index_of(talk, "lo");
  address(talk, RTM_NEWADDR, ADD, lo, "10.0.0.1", 0);
  address(talk, RTM_DELADDR, NLM_F_ACK, lo, "10.0.0.1", 0);
}

static void close_pods(void) {
  while (made > 0) {
    struct pod *pod = &pods[--made];
    close(pod->namespace);
    mnl_socket_close(pod->talk.socket);
  }
}

static const struct work {
  const char *name;
  /* One operation, or all of a round where they cannot be timed one by one. */
  void (*one)(int index);
  void (*all)(int count);
  /* What follows a round, and is not counted. */
  void (*after)(void);
} works[] = {
    {.name = "W1", .one = one_address},  {.name = "W3", .one = one_route},
    {.name = "W3b", .all = all_routes},  {.name = "W4r", .one = list_routes},
    {.name = "W4l", .one = list_links},  {.name = "W5", .one = one_pod, .after = close_pods},
    {.name = "W7", .one = one_pod, .after = close_pods},
    {.name = "link.get", .one = one_link},
    {.name = "link.set", .one = change_link},
    {.name = "route.add", .one = one_more_route},
    {.name = "route.get", .one = way_to},
    {.name = "namespaces", .one = address_in_each},
};

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

int main(int argc, char **argv) {
  const struct work *work = NULL;
  int count = argc == 4 ? atoi(argv[2]) : 0;
  for (size_t at = 0; at < MNL_ARRAY_SIZE(works); at++) {
    if (argc == 4 && strcmp(works[at].name, argv[1]) == 0) work = &works[at];
  }
  if (work == NULL || count < 1 || count > 65536 || (work->one == one_pod && count > MAX_PODS)) {
    fprintf(stderr, "usage: libmnl WORK COUNT PREFIX\n");
    return 1;
  }
  prefix = argv[3];
  host = open_talk();
  eth0 = index_of(&host, "eth0");
  home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

  /* Nanoseconds an operation: of each, or one figure for the round. */
  int figures = work->all ? 1 : count;
  uint64_t *samples = calloc(figures, sizeof *samples);
  char line[16];
  while (fgets(line, sizeof line, stdin) != NULL) {
    for (int index = 0; index < figures; index++) {
      uint64_t start = now();
      if (work->all) work->all(count);
      else work->one(index);
      samples[index] = (now() - start) / (work->all ? count : 1);
    }
    if (work->after != NULL) work->after();
    for (int index = 0; index < figures; index++) printf("%s%llu", index ? " " : "", (unsigned long long)samples[index]);
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
