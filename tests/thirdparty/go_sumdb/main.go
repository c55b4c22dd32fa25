// Checks our bytes with golang.org/x/mod/sumdb/note and tlog, and prints its own.
//
// It reads one JSON document from stdin, a list of questions, and prints a list of answers: an
// empty text where Go agrees, else Go's error; or what Go made.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Question is one thing to check; which fields it needs goes by Kind.
type Question struct {
	Kind    string   `json:"kind"`
	Note    string   `json:"note"`
	VKeys   []string `json:"vkeys"`
	Witness []string `json:"witness"`
	Leaves  []string `json:"leaves"`
	Proof   []string `json:"proof"`
	Index   int64    `json:"index"`
	Old     int64    `json:"old"`
	Size    int64    `json:"size"`
	Root    string   `json:"root"`
	OldRoot string   `json:"old_root"`
}

// cosigner verifies C2SP cosignatures of type 4 through the interface of package note.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), text...), sig[8:])
}

func newCosigner(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("vkey")
	}
	id, err := hex.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(data) != 33 || data[0] != 4 {
		return nil, errors.New("not a cosignature key")
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(id), ed25519.PublicKey(data[1:])}, nil
}

func parseHash(text string) (hash tlog.Hash, err error) {
	data, err := hex.DecodeString(text)
	if err != nil || len(data) != len(hash) {
		return hash, errors.New("hash")
	}
	copy(hash[:], data)
	return hash, nil
}

func parseHashes(texts []string) (hashes []tlog.Hash, err error) {
	for _, text := range texts {
		hash, err := parseHash(text)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

// checkNote opens a note and asks for a verified signature of every key.
func checkNote(q Question) error {
	var verifiers []note.Verifier
	for _, vkey := range q.VKeys {
		verifier, err := note.NewVerifier(vkey)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, verifier)
	}
	for _, vkey := range q.Witness {
		verifier, err := newCosigner(vkey)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open([]byte(q.Note), note.VerifierList(verifiers...))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != len(verifiers) {
		return fmt.Errorf("%d of %d keys signed", len(opened.Sigs), len(verifiers))
	}
	return nil
}

// tree holds the stored hashes of a tree of leaf hashes.
func tree(leaves []tlog.Hash) (tlog.HashReader, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for n, leaf := range leaves {
		hashes, err := tlog.StoredHashesForRecordHash(int64(n), leaf, reader)
		if err != nil {
			return nil, err
		}
		stored = append(stored, hashes...)
	}
	return reader, nil
}

func inHex(hashes []tlog.Hash) string {
	var texts []string
	for _, hash := range hashes {
		texts = append(texts, hex.EncodeToString(hash[:]))
	}
	return strings.Join(texts, " ")
}

func answer(q Question) (string, error) {
	if q.Kind == "note" {
		return "", checkNote(q)
	}
	leaves, err := parseHashes(q.Leaves)
	if err != nil {
		return "", err
	}
	proof, err := parseHashes(q.Proof)
	if err != nil {
		return "", err
	}
	switch q.Kind {
	case "inclusion":
		root, err := parseHash(q.Root)
		if err != nil {
			return "", err
		}
		return "", tlog.CheckRecord(proof, q.Size, root, q.Index, leaves[0])
	case "consistency":
		root, err := parseHash(q.Root)
		if err != nil {
			return "", err
		}
		old, err := parseHash(q.OldRoot)
		if err != nil {
			return "", err
		}
		return "", tlog.CheckTree(proof, q.Size, root, q.Old, old)
	}
	reader, err := tree(leaves)
	if err != nil {
		return "", err
	}
	size := int64(len(leaves))
	switch q.Kind {
	case "root":
		root, err := tlog.TreeHash(size, reader)
		return hex.EncodeToString(root[:]), err
	case "prove":
		made, err := tlog.ProveRecord(size, q.Index, reader)
		return inHex(made), err
	case "prove-tree":
		made, err := tlog.ProveTree(size, q.Old, reader)
		return inHex(made), err
	}
	return "", errors.New("unknown kind " + q.Kind)
}

func main() {
	var questions []Question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	answers := []string{}
	for _, question := range questions {
		text, err := answer(question)
		if err != nil {
			text = "error: " + err.Error()
		}
		answers = append(answers, text)
	}
	json.NewEncoder(os.Stdout).Encode(answers)
}
