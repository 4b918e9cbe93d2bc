package net

import (
	"context"
	"os"
	"syscall"
)

// Sockets. A program has no network but itself: package net's fake for this target connects its sockets with each other, by
// the text of their addresses. Here it gets what programs rely on besides:
//
//	wildcards   who listens on no address, or on 0.0.0.0 or ::, is reached by every local address
//	ports       that are asked for as 0 are high ones
//	errors      are those of a system: connection refused, address in use, no such file

// firstPort is the first port that is given out.
const firstPort = 32768

func init() { nextPortCounter.Store(firstPort - 1) }

func socket(ctx context.Context, net string, family, sotype, proto int, ipv6only bool, laddr, raddr sockaddr, control func(context.Context, string, string, syscall.RawConn) error) (*netFD, error) {
	known := sotype == syscall.SOCK_STREAM || sotype == syscall.SOCK_DGRAM || sotype == syscall.SOCK_SEQPACKET
	if !known || raddr != nil && control != nil {
		return nil, os.NewSyscallError("socket", syscall.ENOTSUP)
	}
	fd := &netFD{family: family, sotype: sotype, net: net}
	fd.fakeNetFD = newFakeNetFD(fd)
	if raddr == nil {
		err := notLocal(laddr)
		if err == nil {
			err = bindError(fakeListen(fd, wildcard(family, laddr)))
		}
		if err != nil {
			fd.Close()
			return nil, err
		}
		return fd, nil
	}
	to := listening(family, raddr)
	if to != raddr {
		fd.family = to.family()
	}
	if err := fakeConnect(ctx, fd, laddr, to); err != nil {
		fd.Close()
		return nil, connectError(err, to)
	}
	if to != raddr && sotype == syscall.SOCK_STREAM { // packets are sent to where to says
		fd.family, fd.raddr = family, matchIPFamily(family, raddr)
	}
	return fd, nil
}

// fakeAddr is the name of a socket; those of TCP and of UDP have ports of their own.
func fakeAddr(sa sockaddr) fakeSockAddr {
	return fakeSockAddr{family: sa.family(), address: sa.Network() + " " + sa.String()}
}

// ipOf is the address and the port of addr.
func ipOf(addr sockaddr) (ip IP, port int, ok bool) {
	switch a := addr.(type) {
	case *TCPAddr:
		if a != nil {
			return a.IP, a.Port, true
		}
	case *UDPAddr:
		if a != nil {
			return a.IP, a.Port, true
		}
	}
	return nil, 0, false
}

// withIP is addr with another address.
func withIP(addr sockaddr, ip IP) sockaddr {
	switch a := addr.(type) {
	case *TCPAddr:
		return &TCPAddr{IP: ip, Port: a.Port, Zone: a.Zone}
	case *UDPAddr:
		return &UDPAddr{IP: ip, Port: a.Port, Zone: a.Zone}
	}
	return addr
}

// wildcard is laddr, with the wildcard of the family if it names no address.
func wildcard(family int, laddr sockaddr) sockaddr {
	if _, _, ok := ipOf(laddr); !ok || !laddr.isWildcard() {
		return laddr
	}
	if family == syscall.AF_INET6 {
		return withIP(laddr, IPv6zero)
	}
	return withIP(laddr, IPv4zero.To4())
}

// notLocal is the error of listening on an address that is not the program's.
func notLocal(laddr sockaddr) error {
	if ip, _, ok := ipOf(laddr); ok && !laddr.isWildcard() && !ip.IsLoopback() {
		return os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)
	}
	return nil
}

// listening is the address under which the socket that a connection to raddr reaches has been entered: raddr, or a
// wildcard with its port.
func listening(family int, raddr sockaddr) sockaddr {
	ip, _, ok := ipOf(raddr)
	if _, exact := sockets.Load(fakeAddr(raddr)); !ok || exact || !ip.IsLoopback() {
		return raddr
	}
	any := []IP{IPv6zero}
	if ip.To4() != nil {
		any = []IP{IPv4zero.To4(), IPv6zero}
	}
	for _, w := range any {
		if to := withIP(raddr, w); entered(to, ip) {
			return to
		}
	}
	return raddr
}

// entered reports whether a socket listens on the wildcard address to, for addresses of the kind of ip.
func entered(to sockaddr, ip IP) bool {
	s, ok := sockets.Load(fakeAddr(to))
	if !ok {
		return false
	}
	net := s.(*netFD).net
	return ip.To4() == nil || net[len(net)-1] != '6'
}

func bindError(err error) error {
	if e, ok := err.(*os.SyscallError); ok && e.Syscall == "listen" {
		return os.NewSyscallError("bind", e.Err)
	}
	return err
}

// connectError is err, which the fake has flattened to a text, as a system has it.
func connectError(err error, raddr sockaddr) error {
	e, ok := err.(*AddrError)
	if !ok || e.Err != os.NewSyscallError("connect", syscall.ECONNREFUSED).Error() {
		return err
	}
	if _, ok := raddr.(*UnixAddr); ok {
		return os.NewSyscallError("connect", syscall.ENOENT)
	}
	return os.NewSyscallError("connect", syscall.ECONNREFUSED)
}
