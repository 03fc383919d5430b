package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/datastore/rest/serve"
)

// grace is how long requests under way may take to end once the program is to end; the
// store has as long for closing.
const grace = 4 * time.Second

// listen begins to answer, with probes alone until a store is mounted, so that an address
// in use is not found out after a long import. It returns the base of links too.
func listen(c config) (server *serve.Server, base string, err error) {
	address := c.addr
	if c.socket != "" {
		address = "unix:" + c.socket
	}
	server, err = serve.Listen(address, &serve.Options{
		Certificate: c.tlsCert, Key: c.tlsKey, ClientCA: c.clientCA, Grace: grace, Logger: slog.Default(),
	})
	if err != nil {
		return nil, "", err
	}
	base = server.URL() + path
	if c.socket != "" {
		base = "http://localhost" + path
		if c.tlsCert != "" {
			base = "https://localhost" + path
		}
	}
	return server, base, nil
}

// path is the path below which the API lies.
const path = "/fhir"

// announce tells that the server is ready.
func announce(c config, server *serve.Server) {
	if c.socket != "" {
		fmt.Printf("listening on %s\n", server.URL())
	} else {
		fmt.Printf("listening on %s\n", server.URL()+path)
	}
}

// observers are who is told of each request.
func observers(c config) []rest.Observer {
	if !c.accessLog {
		return nil
	}
	return []rest.Observer{rest.AccessLog(slog.New(slog.NewJSONHandler(os.Stderr, nil)))}
}

// profiles serves net/http/pprof at an address. What it returns ends that.
func profiles(address string) (end func() error, err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("-pprof: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	fmt.Printf("profiles on http://%s/debug/pprof/\n", listener.Addr())
	return func() error {
		err := server.Close()
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}

// key returns what wraps the store's keys, nil if no flag says so.
func key(c config) (datastore.KeyWrapper, error) {
	switch {
	case c.keyFile != "":
		return datastore.KeyFile(c.keyFile), nil
	case c.passphraseFile != "":
		text, err := os.ReadFile(c.passphraseFile)
		if err != nil {
			return nil, err
		}
		return datastore.Passphrase(withoutLineEnd(string(text))), nil
	}
	return nil, nil
}

// withoutLineEnd returns a text without one line end at its end.
func withoutLineEnd(text string) string {
	if before, ok := strings.CutSuffix(text, "\n"); ok {
		return strings.TrimSuffix(before, "\r")
	}
	return text
}
