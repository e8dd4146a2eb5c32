// ISC license.

package main

import (
	"fmt"
	"net"
	"os"
	"time"
)

func main() {
	name, port := os.Args[1], os.Args[2]
	fmt.Println(name, "ready")
	os.Stdin.Read(make([]byte, 1))
	start := time.Now()
	d := net.Dialer{Timeout: 10 * time.Second}
	if ms, err := time.ParseDuration(os.Getenv("DEADLINE") + "ms"); err == nil {
		d.Timeout = ms
	}
	c, err := d.Dial("tcp", net.JoinHostPort(name, port))
	ms := float64(time.Since(start)) / 1e6
	if err != nil {
		fmt.Printf("%s - %.3f %v\n", name, ms, err.(*net.OpError).Err)
		return
	}
	where, _, _ := net.SplitHostPort(c.RemoteAddr().String())
	fmt.Printf("%s %s %.3f\n", name, where, ms)
}
