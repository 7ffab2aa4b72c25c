/* A reader of events on libmnl. See reader.ts for what is expected of one. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#define QUIET_MS 500
#define ATTRIBUTES 128

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static int note(const struct nlattr *attribute, void *data) {
  const struct nlattr **table = data;
  int type = mnl_attr_get_type(attribute);
  if (type < ATTRIBUTES) table[type] = attribute;
  return MNL_CB_OK;
}

static int seen(const struct nlmsghdr *header, void *data) {
  const struct nlattr *table[ATTRIBUTES] = {0};
  if (header->nlmsg_type != RTM_NEWROUTE) return MNL_CB_OK;
  mnl_attr_parse(header, sizeof(struct rtmsg), note, table);
  const struct nlattr *via = table[RTA_GATEWAY];
  if (via && mnl_attr_get_u32(via) == inet_addr("10.0.0.2")) ++*(int *)data;
  return MNL_CB_OK;
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void figures(struct mnl_socket *socket) {
  static char in[32768];
  struct pollfd one = {mnl_socket_get_fd(socket), POLLIN, 0};
  long long start = now(), last = start;
  int told = 0, lost = 0;
  while (poll(&one, 1, QUIET_MS) > 0) {
    ssize_t length;
    while ((length = recv(one.fd, in, sizeof in, MSG_DONTWAIT)) > 0) mnl_cb_run(in, length, 0, 0, seen, &told);
    if (errno == ENOBUFS) lost = 1;
    else if (errno != EAGAIN) fail("recv");
    last = now();
  }
  printf("%d %lld %s\n", told, last - start, lost ? strerror(ENOBUFS) : "");
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: libmnl BUFFER STALL\n");
    return 1;
  }
  int buffer = atoi(argv[1]), group = RTNLGRP_IPV4_ROUTE;
  struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
  if (socket == NULL || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0) fail("socket");
  if (buffer > 0 && setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0) {
    fail("SO_RCVBUFFORCE");
  }
  if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) != 0) fail("NETLINK_ADD_MEMBERSHIP");
  printf("ready\n");
  fflush(stdout);
  usleep(atoi(argv[2]) * 1000);
  figures(socket);
  char line[16];
  while (fgets(line, sizeof line, stdin) != NULL) figures(socket);
  return 0;
}
