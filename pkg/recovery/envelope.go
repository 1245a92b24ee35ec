package recovery

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/musterproject/muster/pkg/deploy"
)

// The envelope around every value, numbers in big-endian order:
//
//	magic 4 | version 1 | kind 1 | cluster 16 | epoch 8 | sequence 8 | payload length 4 | payload | CRC32C of all before 4
//
// The first five bytes and the last four keep their meaning in every version, so that a newer record is told from a broken one.
const (
	magic         = "MSTR"
	formatVersion = 1
	headerBytes   = 4 + 1 + 1 + 16 + 8 + 8 + 4
	sumBytes      = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// kind says what a payload is. The numbers are stored: they never change.
type kind uint8

const (
	kindWorker kind = 1
	kindApp    kind = 2
	kindDriver kind = 3
	kindBlock  kind = 4
	kindAnswer kind = 5
	kindHead   kind = 255
)

// envelope is a value without its payload's meaning.
type envelope struct {
	kind    kind
	cluster deploy.ClusterID
	epoch   deploy.Epoch
	seq     uint64
	payload []byte
}

// appendHeader begins an envelope whose payload follows; sealEnvelope ends it.
func appendHeader(b []byte, e *envelope) []byte {
	b = append(b, magic...)
	b = append(b, formatVersion, byte(e.kind))
	b = append(b, e.cluster[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.epoch))
	b = binary.BigEndian.AppendUint64(b, e.seq)
	return binary.BigEndian.AppendUint32(b, 0)
}

// sealEnvelope fills in the length of the payload of the envelope that begins at start, and appends the checksum.
func sealEnvelope(b []byte, start int) []byte {
	payload := len(b) - start - headerBytes
	binary.BigEndian.PutUint32(b[start+headerBytes-4:], uint32(payload))
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// openEnvelope checks a value. The error is ErrVersion, or says in what way the value is damaged.
func openEnvelope(b []byte) (envelope, error) {
	if len(b) < headerBytes+sumBytes {
		return envelope{}, fmt.Errorf("truncated: it has %d bytes, the smallest record %d", len(b), headerBytes+sumBytes)
	}
	if string(b[:4]) != magic {
		return envelope{}, fmt.Errorf("it begins with %q, not with %s", b[:4], magic)
	}
	body := b[:len(b)-sumBytes]
	sound := crc32.Checksum(body, castagnoli) == binary.BigEndian.Uint32(b[len(body):])
	if sound && b[4] != formatVersion {
		return envelope{}, fmt.Errorf("%w: it has format %d, this program reads %d: use the program that wrote it, or a newer one", ErrVersion, b[4], formatVersion)
	}
	length := uint64(binary.BigEndian.Uint32(b[headerBytes-4:]))
	if have := uint64(len(body) - headerBytes); !sound && have < length {
		return envelope{}, fmt.Errorf("truncated: its payload has %d of %d bytes", have, length)
	}
	if !sound || uint64(len(body)-headerBytes) != length {
		return envelope{}, fmt.Errorf("its checksum or length is wrong")
	}
	e := envelope{
		kind:    kind(b[5]),
		epoch:   deploy.Epoch(binary.BigEndian.Uint64(b[22:])),
		seq:     binary.BigEndian.Uint64(b[30:]),
		payload: body[headerBytes:],
	}
	copy(e.cluster[:], b[6:])
	return e, nil
}
