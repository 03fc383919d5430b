package bulk

import "net/netip"

// Control looks at an address as a dialer of a client with these options would.
func Control(hosts []string, networks []netip.Prefix, address string) error {
	g := guard{hosts: hosts, networks: networks}
	return g.control("tcp", address, nil)
}
