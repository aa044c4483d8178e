// Two windows: the first one's loss is survived with another number, the second one's is not.
package main

import (
	"fmt"
	"net"
	"os"
)

func probe() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func tolerant() (l net.Listener, err error) {
	for tries := 0; tries < 5; tries++ {
		if l, err = net.Listen("tcp", probe()); err == nil {
			return
		}
	}
	return
}

func fragile() (net.Listener, error) { return net.Listen("tcp", probe()) }

func main() {
	for _, start := range []func() (net.Listener, error){tolerant, fragile} {
		l, err := start()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		defer l.Close()
	}
	fmt.Println("both up")
}
