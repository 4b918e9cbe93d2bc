// Who listens on a wildcard is reached by every local address; errors of sockets are a system's.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"
)

func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		fmt.Fprintln(c, "hi")
		c.Close()
	}
}

func main() {
	for _, la := range []string{":48080", "localhost:48081", "0.0.0.0:48082", "[::]:48084", "[::1]:48085"} {
		l, err := net.Listen("tcp", la)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(l.Addr())
		go serve(l)
		_, port, _ := net.SplitHostPort(la)
		for _, h := range []string{"localhost", "127.0.0.1", "", "::1", "0.0.0.0"} {
			c, err := net.DialTimeout("tcp", net.JoinHostPort(h, port), time.Second)
			if err != nil {
				fmt.Println(err, errors.Is(err, syscall.ECONNREFUSED))
				continue
			}
			s, err := bufio.NewReader(c).ReadString('\n')
			fmt.Printf("%q %v %v\n", s, err, c.RemoteAddr())
			c.Close()
		}
		_, err = net.Listen("tcp", la)
		fmt.Println(err, errors.Is(err, syscall.EADDRINUSE))
		l.Close()
	}
	_, err := net.Dial("unix", "/tmp/there-is-no-such.sock")
	fmt.Println(err, errors.Is(err, syscall.ENOENT))
	_, err = net.Listen("tcp", "1.2.3.4:0")
	fmt.Println(err)
	l, err := net.Listen("tcp", "127.0.0.1:48090")
	fmt.Println(err)
	defer l.Close()
	pc, err := net.ListenPacket("udp", ":48090")
	fmt.Println(err, pc.LocalAddr())
	c, err := net.Dial("udp", "localhost:48090")
	fmt.Println(err)
	c.Write([]byte("x"))
	b := make([]byte, 10)
	n, from, err := pc.ReadFrom(b)
	fmt.Println(n, err)
	pc.WriteTo([]byte("yz"), from)
	n, err = c.Read(b)
	fmt.Println(n, err)
}
