/* The works on libnl-route-3, as its users write them: a socket is connected once, the device's index looked up once. */

#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void check(const char *what, int code) {
  if (code >= 0) return;
  fprintf(stderr, "%s: %s\n", what, nl_geterror(code));
  exit(1);
}

static struct nl_sock *host;
static int eth0;

static struct nl_addr *parsed(const char *text) {
  struct nl_addr *address;
  check(text, nl_addr_parse(text, AF_INET, &address));
  return address;
}

static void one_address(int) {
  struct rtnl_addr *address = rtnl_addr_alloc();
  struct nl_addr *local = parsed("10.0.0.1/24");
  rtnl_addr_set_ifindex(address, eth0);
  check("local", rtnl_addr_set_local(address, local));
  check("rtnl_addr_add", rtnl_addr_add(host, address, NLM_F_EXCL));
  check("rtnl_addr_delete", rtnl_addr_delete(host, address, 0));
  nl_addr_put(local);
  rtnl_addr_put(address);
}

static void one_route(int index) {
  char text[32];
  snprintf(text, sizeof text, "10.%d.%d.%d/32", 64 + (index >> 16), index >> 8 & 255, index & 255);
  struct nl_addr *destination = parsed(text), *gateway = parsed("10.0.0.2");
  struct rtnl_route *route = rtnl_route_alloc();
  struct rtnl_nexthop *nexthop = rtnl_route_nh_alloc();
  rtnl_route_nh_set_ifindex(nexthop, eth0);
  rtnl_route_nh_set_gateway(nexthop, gateway);
  rtnl_route_add_nexthop(route, nexthop);
  check("destination", rtnl_route_set_dst(route, destination));
  check("rtnl_route_add", rtnl_route_add(host, route, NLM_F_EXCL));
  nl_addr_put(destination);
  nl_addr_put(gateway);
  rtnl_route_put(route);
}

static void exactly(int count, int found) {
  if (found == count) return;
  fprintf(stderr, "%d instead of %d\n", found, count);
  exit(1);
}

static int in_main;

static void count_main(struct nl_object *object, void *unused) {
  (void)unused;
  if (rtnl_route_get_table((struct rtnl_route *)object) == RT_TABLE_MAIN) in_main++;
}

static void list_routes(int) {
  struct nl_cache *cache;
  check("rtnl_route_alloc_cache", rtnl_route_alloc_cache(host, AF_INET, 0, &cache));
  in_main = 0;
  nl_cache_foreach(cache, count_main, NULL);
  exactly(10001, in_main);
  nl_cache_free(cache);
}

static void list_links(int) {
  struct nl_cache *cache;
  check("rtnl_link_alloc_cache", rtnl_link_alloc_cache(host, AF_UNSPEC, &cache));
  exactly(1003, nl_cache_nitems(cache));
  nl_cache_free(cache);
}

static const struct work {
  const char *name;
  void (*one)(int index);
} works[] = {{"W1", one_address}, {"W3", one_route}, {"W4r", list_routes}, {"W4l", list_links}};

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ull + time.tv_nsec;
}

int main(int argc, char **argv) {
  const struct work *work = NULL;
  int count = argc == 4 ? atoi(argv[2]) : 0;
  for (size_t at = 0; argc == 4 && at < sizeof works / sizeof *works; at++) {
    if (strcmp(works[at].name, argv[1]) == 0) work = &works[at];
  }
  if (work == NULL || count < 1) {
    fprintf(stderr, "usage: libnl WORK COUNT PREFIX\n");
    return 1;
  }
  host = nl_socket_alloc();
  check("nl_connect", nl_connect(host, NETLINK_ROUTE));
  eth0 = if_nametoindex("eth0");

  uint64_t *samples = calloc(count, sizeof *samples);
  char line[16];
  while (fgets(line, sizeof line, stdin) != NULL) {
    for (int index = 0; index < count; index++) {
      uint64_t start = now();
      work->one(index);
      samples[index] = now() - start;
    }
    for (int index = 0; index < count; index++) printf("%s%llu", index ? " " : "", (unsigned long long)samples[index]);
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
