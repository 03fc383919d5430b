package txlogtest_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

func TestMain(m *testing.M) { txlogtest.Main(m) }
