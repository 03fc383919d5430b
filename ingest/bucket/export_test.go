package bucket

// What tests outside the package look at.
var NameOf, KeyOf = nameOf, keyOf

// ObserveSync has f see what is synced until the function that it returns is called.
func ObserveSync(f func(path string)) (stop func()) {
	observeSync = f
	return func() { observeSync = func(string) {} }
}
