package rig

import (
	"fmt"
	"os"
	"strings"
)

// log is the last lines of the engine's log, under a headline.
func (n *Node) log(lines int) string {
	data, err := os.ReadFile(n.path("dockerd.log"))
	if err != nil {
		return fmt.Sprintf("no log of dockerd on %s: %v\n", n.Name, err)
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	all = all[max(0, len(all)-lines):]
	return fmt.Sprintf("the end of dockerd's log on %s:\n%s\n", n.Name, strings.Join(all, "\n"))
}

// Logged says whether the engine has written text into its log.
func (n *Node) Logged(text string) bool {
	data, err := os.ReadFile(n.path("dockerd.log"))
	return err == nil && strings.Contains(string(data), text)
}
