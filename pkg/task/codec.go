package task

import (
	"encoding"
	"encoding/json"
	"fmt"
)

// codec makes bytes of values and values of bytes.
//
// JSON rather than gob for types without a form of their own: a gob stream describes its types in every message that stands alone, as these do, which
// costs some ten times the work for a small value (BenchmarkCodec), and a person can read JSON in a log.
type codec[T any] struct {
	encode func(T) ([]byte, error)
	decode func([]byte) (T, error)
}

func codecOf[T any]() codec[T] {
	var v T
	switch any(&v).(type) {
	case *[]byte:
		return codec[T]{encode: encodeBytes[T], decode: decodeBytes[T]}
	case *string:
		return codec[T]{encode: encodeString[T], decode: decodeString[T]}
	case *struct{}:
		return codec[T]{encode: encodeNothing[T], decode: decodeNothing[T]}
	}
	_, marshals := any(v).(encoding.BinaryMarshaler)
	_, unmarshals := any(&v).(encoding.BinaryUnmarshaler)
	if marshals && unmarshals {
		return codec[T]{encode: encodeBinary[T], decode: decodeBinary[T]}
	}
	return codec[T]{encode: encodeJSON[T], decode: decodeJSON[T]}
}

func encodeBytes[T any](v T) ([]byte, error)  { return any(v).([]byte), nil }
func decodeBytes[T any](b []byte) (T, error)  { return any(b).(T), nil }
func encodeString[T any](v T) ([]byte, error) { return []byte(any(v).(string)), nil }
func decodeString[T any](b []byte) (T, error) { return any(string(b)).(T), nil }
func encodeNothing[T any](T) ([]byte, error)  { return nil, nil }

func decodeNothing[T any]([]byte) (v T, err error) { return v, nil }

func encodeBinary[T any](v T) ([]byte, error) {
	b, err := any(v).(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return b, nil
}

func decodeBinary[T any](b []byte) (v T, err error) {
	if err := any(&v).(encoding.BinaryUnmarshaler).UnmarshalBinary(b); err != nil {
		return v, fmt.Errorf("decode %T: %w", v, err)
	}
	return v, nil
}

func encodeJSON[T any](v T) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return b, nil
}

func decodeJSON[T any](b []byte) (v T, err error) {
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("decode %T: %w", v, err)
	}
	return v, nil
}
