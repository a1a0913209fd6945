// One program for a whole Kubernetes control plane and the clients that go with it, so that they share one link
// step and one copy of their common code on disk. The name it is called by, or else its first argument, says
// which one runs.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kustomize "sigs.k8s.io/kustomize/kustomize/v5/commands"
)

var components = map[string]func() int{
	"etcd":                    etcd,
	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(manager.NewControllerManagerCommand()) },
	"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"kubectl":                 func() int { return cli.Run(kubectl.NewDefaultKubectlCommand()) },
	"kustomize":               func() int { return client(kustomize.NewDefaultCommand()) },
}

func main() {
	name := filepath.Base(os.Args[0])
	if components[name] == nil && len(os.Args) > 1 {
		// Each component reads os.Args itself and expects its own name in front.
		os.Args = os.Args[1:]
		name = os.Args[0]
	}
	if components[name] == nil {
		fmt.Fprintf(os.Stderr, "usage: kube %s [flags]\n", strings.Join(names(), "|"))
		os.Exit(2)
	}
	os.Exit(components[name]())
}

func etcd() int {
	etcdmain.Main(os.Args)
	return 0
}

func client(command *cobra.Command) int {
	if command.Execute() != nil {
		return 1
	}
	return 0
}

func names() []string {
	all := []string{}
	for name := range components {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}
