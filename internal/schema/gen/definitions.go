package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The parts of the R4 definitions that the tables are made from.
type (
	structureDefinition struct {
		URL            string `json:"url"`
		Name           string `json:"name"`
		Kind           string `json:"kind"`
		Abstract       bool   `json:"abstract"`
		Derivation     string `json:"derivation"`
		BaseDefinition string `json:"baseDefinition"`
		Snapshot       struct {
			Element []element `json:"element"`
		} `json:"snapshot"`
	}

	element struct {
		Path             string `json:"path"`
		Min              int    `json:"min"`
		Max              string `json:"max"`
		ContentReference string `json:"contentReference"`
		Base             struct {
			Max string `json:"max"`
		} `json:"base"`
		Type []struct {
			Code          string      `json:"code"`
			TargetProfile []string    `json:"targetProfile"`
			Extension     []extension `json:"extension"`
		} `json:"type"`
		Constraint []struct {
			Key        string `json:"key"`
			Severity   string `json:"severity"`
			Expression string `json:"expression"`
			Source     string `json:"source"`
		} `json:"constraint"`
		IsModifier bool `json:"isModifier"`
		IsSummary  bool `json:"isSummary"`
		Binding    *struct {
			Strength string `json:"strength"`
			ValueSet string `json:"valueSet"`
		} `json:"binding"`
	}

	extension struct {
		URL      string `json:"url"`
		ValueURL string `json:"valueUrl"`
	}

	searchParameter struct {
		ID         string   `json:"id"`
		URL        string   `json:"url"`
		Code       string   `json:"code"`
		Base       []string `json:"base"`
		Type       string   `json:"type"`
		Expression string   `json:"expression"`
		Target     []string `json:"target"`
		Component  []struct {
			Definition string `json:"definition"`
			Expression string `json:"expression"`
		} `json:"component"`
	}

	compartmentDefinition struct {
		ID       string `json:"id"`
		Code     string `json:"code"`
		Resource []struct {
			Code  string   `json:"code"`
			Param []string `json:"param"`
		} `json:"resource"`
	}

	valueSet struct {
		URL     string `json:"url"`
		Compose struct {
			Include []include `json:"include"`
			Exclude []include `json:"exclude"`
		} `json:"compose"`
	}

	include struct {
		System  string `json:"system"`
		Concept []struct {
			Code string `json:"code"`
		} `json:"concept"`
		Filter []struct {
			Property string `json:"property"`
			Op       string `json:"op"`
			Value    string `json:"value"`
		} `json:"filter"`
		ValueSet []string `json:"valueSet"`
	}

	codeSystem struct {
		URL           string    `json:"url"`
		Content       string    `json:"content"`
		CaseSensitive bool      `json:"caseSensitive"`
		Concept       []concept `json:"concept"`
	}

	concept struct {
		Code    string    `json:"code"`
		Concept []concept `json:"concept"`
	}
)

// definitions is the whole input.
type definitions struct {
	structures   []structureDefinition // specialisations and primitives, no profiles, no logical models
	params       []searchParameter
	compartments []compartmentDefinition
	valueSets    map[string]*valueSet
	codeSystems  map[string]*codeSystem
}

func load(folder string) (*definitions, error) {
	d := &definitions{valueSets: map[string]*valueSet{}, codeSystems: map[string]*codeSystem{}}
	for _, read := range []func(string) error{
		func(f string) error {
			all, err := lines[structureDefinition](f, "StructureDefinition")
			for _, s := range all {
				if s.Derivation != "constraint" && s.Kind != "logical" {
					d.structures = append(d.structures, s)
				}
			}
			return err
		},
		func(f string) (err error) { d.params, err = lines[searchParameter](f, "SearchParameter"); return err },
		func(f string) (err error) {
			d.compartments, err = lines[compartmentDefinition](f, "CompartmentDefinition")
			return err
		},
		func(f string) error {
			all, err := lines[valueSet](f, "ValueSet")
			for i := range all {
				d.valueSets[all[i].URL] = &all[i]
			}
			return err
		},
		func(f string) error {
			all, err := lines[codeSystem](f, "CodeSystem")
			for i := range all {
				d.codeSystems[all[i].URL] = &all[i]
			}
			return err
		},
	} {
		if err := read(folder); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// lines reads one gzip file of the definitions, one resource a line.
func lines[T any](folder, name string) ([]T, error) {
	path := filepath.Join(folder, name+".ndjson.gz")
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var all []T
	in := bufio.NewScanner(z)
	in.Buffer(nil, 64<<20)
	for n := 1; in.Scan(); n++ {
		var v T
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		all = append(all, v)
	}
	return all, in.Err()
}

// lastStep returns what follows the last slash of a canonical URL, without its
// version: the name of the type that a StructureDefinition's URL ends in.
func lastStep(url string) string {
	url, _, _ = strings.Cut(url, "|")
	return url[strings.LastIndexByte(url, '/')+1:]
}
