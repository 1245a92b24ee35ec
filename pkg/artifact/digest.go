package artifact

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/musterproject/muster/pkg/deploy"
)

const digestDigits = 2 * sha256.Size

// CheckDigest refuses what is not the lower-case hexadecimal sha256 of something. Only what passes may become part of a path.
func CheckDigest(d deploy.Digest) error {
	for i := range len(d) {
		if c := d[i]; (c < '0' || '9' < c) && (c < 'a' || 'f' < c) {
			return invalidDigest(d)
		}
	}
	if len(d) != digestDigits {
		return invalidDigest(d)
	}
	return nil
}

func invalidDigest(d deploy.Digest) error {
	return fmt.Errorf("digest %.80q: %w: a sha256 in 64 lower-case hexadecimal digits is needed", string(d), deploy.ErrInvalid)
}

func sumOf(h hash.Hash) deploy.Digest {
	var sum [sha256.Size]byte
	return deploy.Digest(hex.EncodeToString(h.Sum(sum[:0])))
}

func mismatch(want, got deploy.Digest) error {
	return fmt.Errorf("%w: sha256 %s was promised, %s is it", ErrDigest, want, got)
}
