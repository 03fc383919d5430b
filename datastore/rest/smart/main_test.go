package smart_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/internal/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
