package bulk

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
)

// A guard says who may be asked.
type guard struct {
	hosts    []string
	networks []netip.Prefix
	http     bool
}

// allow reports ErrForbidden for a URL that may not be asked.
func (g *guard) allow(u *url.URL) error {
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !g.http):
		return fmt.Errorf("%w: %q is not https", ErrForbidden, u.Scheme)
	case u.User != nil:
		return fmt.Errorf("%w: the URL has a user in it", ErrForbidden)
	case u.Hostname() == "":
		return fmt.Errorf("%w: the URL has no host", ErrForbidden)
	}
	for _, allowed := range g.hosts {
		if matches(allowed, u) {
			return nil
		}
	}
	return fmt.Errorf("%w: the host %q is not among Hosts", ErrForbidden, u.Host)
}

// matches reports whether a URL's host and port are what Options.Hosts allows.
func matches(allowed string, u *url.URL) bool {
	rest := &url.URL{Scheme: u.Scheme, Host: allowed}
	if port(rest) != port(u) {
		return false
	}
	name, below := strings.CutPrefix(hostname(rest), "*.")
	if below {
		return strings.HasSuffix(hostname(u), "."+name)
	}
	return hostname(u) == name
}

// hostname returns a URL's host as it is compared: names in lower case, without the dot
// of the root.
func hostname(u *url.URL) string {
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}

// port returns a URL's port.
func port(u *url.URL) string {
	switch p := u.Port(); {
	case p != "":
		return p
	case u.Scheme == "http":
		return "80"
	}
	return "443"
}

// control looks at each address that is about to be dialed, after names have been
// resolved: what a name led to when it was looked at before says nothing.
func (g *guard) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: it is no address", ErrForbidden)
	}
	a := at.Addr().Unmap().WithZone("")
	if isPublic(a) {
		return nil
	}
	for _, n := range g.networks {
		if n.Contains(a) {
			return nil
		}
	}
	for _, allowed := range g.hosts {
		if isAddress(allowed, a, at.Port()) {
			return nil
		}
	}
	return fmt.Errorf("%w: the host leads to an address that is not public and not among Networks", ErrForbidden)
}

// isAddress reports whether a host is written as an address itself, and is this one.
func isAddress(host string, a netip.Addr, port uint16) bool {
	name, p, err := net.SplitHostPort(host)
	if err != nil {
		name, p = strings.Trim(host, "[]"), fmt.Sprint(port)
		if port != 443 && port != 80 {
			return false
		}
	}
	is, err := netip.ParseAddr(name)
	return err == nil && is.Unmap().WithZone("") == a && p == fmt.Sprint(port)
}

// special are the networks that are not of the public internet (IANA's registries of
// special-purpose addresses, RFC 6890), and those of IPv6 that contain addresses of IPv4,
// which would lead to them.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	"5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// isPublic reports whether an address is one of the public internet.
func isPublic(a netip.Addr) bool {
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
