package datastore_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	dtpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/nlp/clinical"
)

// must ends an example that fails.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// patients opens a store in memory that has some patients.
func patients(ctx context.Context, ids ...string) *datastore.Store {
	store := must(datastore.Open(ctx, "mem:", nil))
	for _, id := range ids {
		must(store.Update(ctx, []byte(`{"resourceType":"Patient","id":"`+id+`","name":[{"family":"Rivera"}]}`)))
	}
	return store
}

// Resources as protos: create, read, update, delete.
func Example_typed() {
	ctx := context.Background()
	store := must(datastore.Open(ctx, "mem:", nil))
	defer store.Close()

	p := must(datastore.Create(ctx, store, &ppb.Patient{Name: []*dtpb.HumanName{{Family: &dtpb.String{Value: "Rivera"}}}}))
	id := p.GetId().GetValue()

	p.Active = &dtpb.Boolean{Value: true}
	p = must(datastore.Update(ctx, store, p, datastore.IfMatch(p.GetMeta().GetVersionId().GetValue())))
	fmt.Println("version", p.GetMeta().GetVersionId().GetValue(), p.GetActive().GetValue())

	for found, err := range datastore.Search[*ppb.Patient](ctx, store, "family=rivera") {
		fmt.Println(must(found, err).GetName()[0].GetFamily().GetValue())
	}
	if err := datastore.Delete[*ppb.Patient](ctx, store, id); err != nil {
		panic(err)
	}
	_, err := datastore.Read[*ppb.Patient](ctx, store, id)
	fmt.Println(errors.Is(err, datastore.ErrGone))
	// Output:
	// version 2 true
	// Rivera
	// true
}

// An answer page by page: all pages are those of the state that the first one showed.
func ExampleStore_Search() {
	ctx := context.Background()
	store := patients(ctx, "a", "b", "c")
	defer store.Close()
	for query := "family=rivera&_sort=_id&_count=2"; query != ""; {
		page := must(store.Search(ctx, "Patient", query))
		for _, v := range page.Matches {
			fmt.Println(v.Ref, "of", page.Total)
		}
		query = page.Next
	}
	// Output:
	// Patient/a of 3
	// Patient/b of 3
	// Patient/c of 3
}

// All matches, over one state, without pages.
func ExampleStore_SearchAll() {
	ctx := context.Background()
	store := patients(ctx, "a", "b", "c")
	defer store.Close()
	for v, err := range store.SearchAll(ctx, "Patient", "_sort=-_id") {
		fmt.Println(must(v, err).Ref)
	}
	// Output:
	// Patient/c
	// Patient/b
	// Patient/a
}

// Several resources in one commit: all of them, or none.
func ExampleStore_Write() {
	ctx := context.Background()
	store := patients(ctx, "a")
	defer store.Close()
	versions, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		organization, err := tx.Create(ctx, []byte(`{"resourceType":"Organization","name":"North"}`))
		if err != nil {
			return err
		}
		_, err = tx.Update(ctx, []byte(`{"resourceType":"Patient","id":"a","managingOrganization":{"reference":"`+organization.String()+`"}}`),
			datastore.IfMatch("1"))
		return err
	})
	fmt.Println(len(versions), err)

	_, err = store.Write(ctx, func(tx *datastore.Transaction) error {
		if _, err := tx.Update(ctx, []byte(`{"resourceType":"Patient","id":"b"}`)); err != nil {
			return err
		}
		return tx.Delete(datastore.Ref{Type: "Patient", ID: "a"}, datastore.IfMatch("1"))
	})
	fmt.Println(errors.Is(err, datastore.ErrPreconditionFailed))
	_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "b"})
	fmt.Println(errors.Is(err, datastore.ErrNotFound))
	// Output:
	// 2 <nil>
	// true
	// true
}

// A snapshot answers with one state, whatever is written.
func ExampleStore_Snapshot() {
	ctx := context.Background()
	store := patients(ctx, "a")
	defer store.Close()
	before := store.Snapshot()
	defer before.Close()
	if err := store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "a"}); err != nil {
		panic(err)
	}
	fmt.Println(must(before.Search(ctx, "Patient", "family=rivera")).Total, must(store.Search(ctx, "Patient", "family=rivera")).Total)
	// Output: 1 0
}

// A search parameter beside R4's own.
func ExampleOptions_searchParameters() {
	ctx := context.Background()
	store := must(datastore.Open(ctx, "mem:", &datastore.Options{SearchParameters: [][]byte{[]byte(`{
		"resourceType": "SearchParameter", "url": "http://example.org/eye", "name": "eye", "status": "active", "description": "The colour of the eyes",
		"code": "eye", "base": ["Patient"], "type": "string",
		"expression": "Patient.extension.where(url = 'http://example.org/eye-colour').value"}`)}}))
	defer store.Close()
	must(store.Update(ctx, []byte(`{"resourceType":"Patient","id":"a","extension":[{"url":"http://example.org/eye-colour","valueString":"Green"}]}`)))
	if err := store.WaitIndexed(ctx); err != nil {
		panic(err)
	}
	fmt.Println(must(store.Search(ctx, "Patient", "eye=green")).Matches[0].Ref)
	// Output: Patient/a
}

// kms stands for a key management service: it encrypts with a key that it never gives away.
type kms struct{ key cipher.AEAD }

func (k kms) Encrypt(_ context.Context, plaintext []byte) ([]byte, error) {
	return k.key.Seal(nil, nil, plaintext, nil), nil
}

func (k kms) Decrypt(_ context.Context, ciphertext []byte) ([]byte, error) {
	plaintext, err := k.key.Open(nil, nil, ciphertext, nil)
	if err != nil {
		return nil, fmt.Errorf("the service says %w: %w", err, datastore.ErrWrongKey)
	}
	return plaintext, nil
}

// A store whose keys a key management service wraps.
func ExampleKeyWrapper() {
	ctx := context.Background()
	folder := filepath.Join(must(os.MkdirTemp("", "")), "store")
	defer os.RemoveAll(filepath.Dir(folder))
	service := func(secret string) kms {
		return kms{must(cipher.NewGCMWithRandomNonce(must(aes.NewCipher([]byte(secret)))))}
	}

	store := must(datastore.Open(ctx, folder, &datastore.Options{Key: service("0123456789abcdef")}))
	store.Close()
	_, err := datastore.Open(ctx, folder, &datastore.Options{Key: service("fedcba9876543210")})
	fmt.Println(errors.Is(err, datastore.ErrWrongKey))
	// Output: true
}

// The annotator reads each document when it is written. Searches find documents by the
// conditions in their text.
func ExampleOptions_annotator() {
	ctx := context.Background()
	store := must(datastore.Open(ctx, "mem:", &datastore.Options{Annotator: must(clinical.Annotator(nil, nil))}))
	defer store.Close()
	must(store.Update(ctx, []byte(`{"resourceType":"DocumentReference","id":"d","status":"current",
		"content":[{"attachment":{"contentType":"text/plain","data":"UGF0aWVudCBoYXMgYXN0aG1hLg=="}}]}`))) // Patient has asthma.
	if err := store.WaitIndexed(ctx); err != nil {
		panic(err)
	}
	fmt.Println(must(store.Search(ctx, "DocumentReference", "infer-icd10cm-entity-concept-code=J45.909")).Matches[0].Ref)
	// Output: DocumentReference/d
}

// Each operation, told to whatever counts and measures.
func ExampleOptions_metrics() {
	ctx := context.Background()
	count := map[string]int{}
	store := must(datastore.Open(ctx, "mem:", &datastore.Options{Metrics: func(o datastore.Operation) {
		count[fmt.Sprint(o.Kind, " ", o.Type, " ", o.Status)]++
	}}))
	defer store.Close()
	must(store.Update(ctx, []byte(`{"resourceType":"Patient","id":"a"}`)))
	_, _ = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "b"})
	fmt.Println(count)
	// Output: map[read Patient 404:1 update Patient 200:1]
}
