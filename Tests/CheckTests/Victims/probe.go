// Probe-then-bind in Go; with an argument the bind happens in another process.
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
)

func bind(address string) {
	if _, err := net.Listen("tcp", address); err != nil {
		fmt.Println("failed", err)
		os.Exit(3)
	}
	fmt.Println("ok")
}

func main() {
	if len(os.Args) > 2 {
		bind(os.Args[2])
		return
	}
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(5)
	}
	address := probe.Addr().String()
	probe.Close()
	if len(os.Args) > 1 {
		child := exec.Command(os.Args[0], "bind", address)
		child.Stdout = os.Stdout
		if child.Run() != nil {
			os.Exit(3)
		}
		return
	}
	bind(address)
}
