package serve

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// ciphers are those of TLS 1.2 that authenticate and have forward secrecy; those of TLS 1.3
// all do.
var ciphers = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// soon is how long before the end of a certificate the logger is told.
const soon = 14 * 24 * time.Hour

// files are the files of TLS and what was read from them last.
type files struct {
	certificate, key, clientCA string
	logger                     *slog.Logger

	mu     sync.Mutex
	stamps [3]os.FileInfo
	last   *tls.Config
	failed string // what the logger was told last
}

func newFiles(o *Options) *files {
	return &files{certificate: o.Certificate, key: o.Key, clientCA: o.ClientCA, logger: o.Logger}
}

// config returns a configuration that follows the files. It reports what is wrong with them
// now.
func (f *files) config() (*tls.Config, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.loadLocked(); err != nil {
		return nil, err
	}
	config := f.last.Clone()
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return f.current(), nil }
	return config, nil
}

// current returns the configuration of the files as they are, or the last that was good.
func (f *files) current() *tls.Config {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.changedLocked() {
		return f.last
	}
	if err := f.loadLocked(); err == nil {
		f.failed = ""
		f.logger.Info("serve: the certificate was read again")
	} else if f.failed != err.Error() {
		f.failed = err.Error()
		f.logger.Error("serve: the files of TLS have changed and cannot be used: the last certificate stays in force", "error", err)
	}
	return f.last
}

// changedLocked reports whether a file is another than the one that was read.
func (f *files) changedLocked() bool {
	for i, now := range f.lookLocked() {
		was := f.stamps[i]
		if (now == nil) != (was == nil) || now != nil && (!os.SameFile(now, was) || now.Size() != was.Size() || !now.ModTime().Equal(was.ModTime())) {
			return true
		}
	}
	return false
}

func (f *files) lookLocked() (stamps [3]os.FileInfo) {
	for i, name := range []string{f.certificate, f.key, f.clientCA} {
		if name != "" {
			stamps[i], _ = os.Stat(name)
		}
	}
	return stamps
}

// loadLocked reads the files.
func (f *files) loadLocked() error {
	stamps := f.lookLocked() // before reading: a later change is seen
	pair, err := tls.LoadX509KeyPair(f.certificate, f.key)
	if err != nil {
		return fmt.Errorf("serve: certificate and key: %w", err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, CipherSuites: ciphers,
		NextProtos: []string{"h2", "http/1.1"},
	}
	if f.clientCA != "" {
		text, err := os.ReadFile(f.clientCA)
		if err != nil {
			return fmt.Errorf("serve: client CA: %w", err)
		}
		config.ClientCAs = x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(text) {
			return errors.New("serve: client CA: there is no certificate in the file")
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.SessionTicketsDisabled = true // a resumed session would not know of another CA
	}
	if pair.Leaf != nil && time.Until(pair.Leaf.NotAfter) < soon {
		f.logger.Warn("serve: the certificate ends soon", "end", pair.Leaf.NotAfter)
	}
	f.stamps, f.last = stamps, config
	return nil
}
