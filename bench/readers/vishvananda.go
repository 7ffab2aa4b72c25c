// A reader of events on Go's github.com/vishvananda/netlink. See reader.ts for what is expected of one.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const quiet = 500 * time.Millisecond

var gateway = net.IPv4(10, 0, 0, 2)

func figures(updates <-chan netlink.RouteUpdate, failures <-chan error) {
	start, told, remark := time.Now(), 0, ""
	last := start
	for {
		select {
		case update, open := <-updates:
			if !open {
				updates, remark = nil, remark+" and closes"
			} else if update.Type == unix.RTM_NEWROUTE && gateway.Equal(update.Gw) {
				told++
				last = time.Now()
			}
			continue
		case err := <-failures:
			remark = err.Error() + remark
			continue
		case <-time.After(quiet):
		}
		break
	}
	fmt.Println(told, last.Sub(start).Nanoseconds(), remark)
}

func main() {
	stall, err := strconv.Atoi(os.Args[2])
	updates, failures, done := make(chan netlink.RouteUpdate), make(chan error, 16), make(chan struct{})
	options := netlink.RouteSubscribeOptions{ErrorCallback: func(err error) { failures <- err }}
	if err == nil {
		err = netlink.RouteSubscribeWithOptions(updates, done, options)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	time.Sleep(time.Duration(stall) * time.Millisecond)
	figures(updates, failures)
	rounds := bufio.NewScanner(os.Stdin)
	for rounds.Scan() {
		figures(updates, failures)
	}
}
