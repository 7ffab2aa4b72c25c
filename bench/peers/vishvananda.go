// The works on Go's github.com/vishvananda/netlink, as its users write them: a handle is opened once, devices are looked up once.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

func check(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

var (
	prefix string
	host   *netlink.Handle
	home   netns.NsHandle
	eth0   netlink.Link
	made   []func()
)

func destination(index int) net.IP {
	return net.IPv4(10, byte(64+(index>>16)), byte(index>>8), byte(index))
}

func podAddress(index int) net.IP {
	return net.IPv4(10, 244, byte(index>>8), byte(index))
}

func whole(ip net.IP) *net.IPNet {
	return &net.IPNet{IP: ip, Mask: net.CIDRMask(32, 32)}
}

var address = &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(10, 0, 0, 1), Mask: net.CIDRMask(24, 32)}}

func oneAddress(int) {
	check("AddrAdd", host.AddrAdd(eth0, address))
	check("AddrDel", host.AddrDel(eth0, address))
}

func oneRoute(index int) {
	route := netlink.Route{LinkIndex: eth0.Attrs().Index, Dst: whole(destination(index)), Gw: net.IPv4(10, 0, 0, 2)}
	check("RouteAdd", host.RouteAdd(&route))
}

func listRoutes(int) {
	routes, err := host.RouteList(nil, netlink.FAMILY_V4)
	check("RouteList", err)
	if len(routes) != 10001 {
		check("RouteList", fmt.Errorf("%d routes instead of 10001", len(routes)))
	}
}

func listLinks(int) {
	links, err := host.LinkList()
	check("LinkList", err)
	if len(links) != 1003 {
		check("LinkList", fmt.Errorf("%d links instead of 1003", len(links)))
	}
}

func onePod(index int) {
	name := fmt.Sprintf("%s%d", prefix, index)
	device := fmt.Sprintf("veth%d", index)
	// It enters the namespace it makes.
	space, err := netns.NewNamed(name)
	check("NewNamed", err)
	check("Set", netns.Set(home))
	veth := &netlink.Veth{LinkAttrs: netlink.NewLinkAttrs(), PeerName: "eth0", PeerNamespace: netlink.NsFd(space)}
	veth.Name = device
	veth.Flags = net.FlagUp
	check("LinkAdd", host.LinkAdd(veth))
	pod, err := netlink.NewHandleAt(space)
	check("NewHandleAt", err)
	inside, err := pod.LinkByName("eth0")
	check("LinkByName", err)
	ip := podAddress(index)
	check("AddrAdd", pod.AddrAdd(inside, &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(24, 32)}}))
	check("LinkSetUp", pod.LinkSetUp(inside))
	check("RouteAdd", pod.RouteAdd(&netlink.Route{
		LinkIndex: inside.Attrs().Index, Gw: net.IPv4(169, 254, 10, 24), Flags: int(netlink.FLAG_ONLINK)}))
	check("proxy_arp", os.WriteFile("/proc/sys/net/ipv4/conf/"+device+"/proxy_arp", []byte("1"), 0))
	outside, err := host.LinkByName(device)
	check("LinkByName", err)
	check("RouteAdd", host.RouteAdd(&netlink.Route{
		LinkIndex: outside.Attrs().Index, Dst: whole(ip), Scope: netlink.SCOPE_LINK}))
	made = append(made, func() {
		pod.Delete()
		space.Close()
	})
}

func closePods() {
	for _, end := range made {
		end()
	}
	made = nil
}

func oneLimit(index int) {
	link, err := host.LinkByName(fmt.Sprintf("veth%d", index))
	check("LinkByName", err)
	// As tc has it: times in ticks, and a queue for the burst and what 50 ms make of the rate.
	const rate, burst = 100e6 / 8, 128 * 1024
	check("QdiscAdd", host.QdiscAdd(&netlink.Tbf{
		QdiscAttrs: netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT},
		Rate:       rate,
		Limit:      rate/20 + burst,
		Buffer:     uint32(burst * 1e6 / rate * netlink.TickInUsec()),
	}))
}

type work struct {
	one   func(index int)
	after func()
}

func main() {
	runtime.LockOSThread()
	works := map[string]work{
		"W1":  {one: oneAddress},
		"W3":  {one: oneRoute},
		"W4r": {one: listRoutes},
		"W4l": {one: listLinks},
		"W5":  {one: onePod, after: closePods},
		"W7":  {one: onePod, after: closePods},
		"W8":  {one: oneLimit},
	}
	if len(os.Args) != 4 {
		check("usage", fmt.Errorf("vishvananda WORK COUNT PREFIX"))
	}
	work := works[os.Args[1]]
	count, err := strconv.Atoi(os.Args[2])
	check("COUNT", err)
	prefix = os.Args[3]
	host, err = netlink.NewHandle()
	check("NewHandle", err)
	home, err = netns.Get()
	check("Get", err)
	eth0, _ = host.LinkByName("eth0")

	rounds := bufio.NewScanner(os.Stdin)
	for rounds.Scan() {
		var samples []string
		for index := 0; index < count; index++ {
			start := time.Now()
			work.one(index)
			samples = append(samples, fmt.Sprint(time.Since(start).Nanoseconds()))
		}
		if work.after != nil {
			work.after()
		}
		fmt.Println(strings.Join(samples, " "))
	}
}
