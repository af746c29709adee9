package main

import (
	"crypto/md5"
	"encoding/hex"
	"strings"
	"sync"
)

// group holds the groups and checks that a script ran in it; the root has no name.
type group struct {
	name, path string
	groups     []*group
	checks     []*checked
}

type checked struct {
	name          string
	passes, fails int
}

// Users run side by side.
var groupMutex sync.Mutex

// at returns the group of a path such as ::first::second, and adds what is missing.
func (g *group) at(path string) *group {
	found := g
	for name := range strings.SplitSeq(strings.TrimPrefix(path, "::"), "::") {
		if name == "" {
			continue
		}
		found = found.child(name)
	}
	return found
}

func (g *group) child(name string) *group {
	for _, each := range g.groups {
		if each.name == name {
			return each
		}
	}
	made := &group{name: name, path: g.path + "::" + name}
	g.groups = append(g.groups, made)
	return made
}

// enter notes a group that a script enters.
func (g *group) enter(path string) {
	groupMutex.Lock()
	defer groupMutex.Unlock()
	g.at(path)
}

// count notes the result of a check in the group of a path.
func (g *group) count(path, name string, holds bool) {
	groupMutex.Lock()
	defer groupMutex.Unlock()
	inside := g.at(path)
	var found *checked
	for _, each := range inside.checks {
		if each.name == name {
			found = each
		}
	}
	if found == nil {
		found = &checked{name: name}
		inside.checks = append(inside.checks, found)
	}
	if holds {
		found.passes++
	} else {
		found.fails++
	}
}

// exported is a group in the summary: with lists for handleSummary, by names in the exported file.
func (g *group) exported(byName bool) map[string]any {
	groups, checks := make([]any, len(g.groups)), make([]any, len(g.checks))
	namedGroups, namedChecks := map[string]any{}, map[string]any{}
	for i, each := range g.groups {
		groups[i] = each.exported(byName)
		namedGroups[each.name] = groups[i]
	}
	for i, each := range g.checks {
		path := g.path + "::" + each.name
		checks[i] = map[string]any{
			"name": each.name, "path": path, "id": idOf(path), "passes": each.passes, "fails": each.fails,
		}
		namedChecks[each.name] = checks[i]
	}
	made := map[string]any{"name": g.name, "path": g.path, "id": idOf(g.path), "groups": groups, "checks": checks}
	if byName {
		made["groups"], made["checks"] = namedGroups, namedChecks
	}
	return made
}

func idOf(path string) string {
	sum := md5.Sum([]byte(path))
	return hex.EncodeToString(sum[:])
}
