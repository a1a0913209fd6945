// What syncs Git with a cluster, as one program: Argo CD without its API server and command line, and the Redis
// that Argo CD's own tests use as its cache. The first argument says which part runs.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	applicationset "github.com/argoproj/argo-cd/v3/cmd/argocd-applicationset-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

var parts = map[string]func() *cobra.Command{
	"application-controller":    controller.NewCommand,
	"applicationset-controller": applicationset.NewCommand,
	"redis":                     redis,
	"repo-server":               reposerver.NewCommand,
}

func main() {
	if len(os.Args) < 2 || parts[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: argocd application-controller|applicationset-controller|redis|repo-server")
		os.Exit(2)
	}
	command := parts[os.Args[1]]()
	command.SetArgs(os.Args[2:])
	command.SilenceUsage = true
	if err := command.Execute(); err != nil {
		os.Exit(1)
	}
}

// redis serves until it is killed. miniredis ages its keys only when told to: a test moves its clock by hand.
func redis() *cobra.Command {
	return &cobra.Command{Use: "redis HOST:PORT", Args: cobra.ExactArgs(1), RunE: func(_ *cobra.Command, args []string) error {
		server := miniredis.NewMiniRedis()
		if err := server.StartAddr(args[0]); err != nil {
			return err
		}
		for range time.Tick(time.Second) {
			server.FastForward(time.Second)
		}
		return nil
	}}
}
