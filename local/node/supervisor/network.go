package main

import (
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
)

// bridge is the network of the node's pods. Its first address is the node's own.
const bridge = "cni0"

// networkUp makes the pods' bridge. The default route leads back to the node: kube-proxy rewrites service addresses
// only on packets that have a route, and there is no route to any other network.
func networkUp() error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return err
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name = bridge
	link := &netlink.Bridge{LinkAttrs: attributes}
	if err := netlink.LinkAdd(link); err != nil {
		return fmt.Errorf("cannot make the bridge: %w", err)
	}
	address, err := netlink.ParseAddr(nodeAddress + "/16")
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(link, address); err != nil {
		return err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return err
	}
	if err := netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: net.ParseIP(nodeAddress)}); err != nil {
		return fmt.Errorf("cannot set the default route: %w", err)
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
}

// podNetwork is the configuration that containerd gives to the CNI plugins.
const podNetwork = `{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "` + bridge + `",
      "isGateway": true,
      "hairpinMode": true,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni/addresses",
        "ranges": [[{ "subnet": "` + podRange + `" }]],
        "routes": [{ "dst": "0.0.0.0/0" }]
      }
    },
    { "type": "loopback" }
  ]
}
`
