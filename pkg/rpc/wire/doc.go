// Package wire turns what Muster says into bytes and back: protobuf, described by muster/v1/*.proto.
//
//	deploy.Message, Row, Hello, Query ...  --To-->  muster.v1 messages  --From--> the same again, or an error
//	[]rpc.Item  --AppendItem-->  bytes of a muster.v1.Frame  --Decoder.Frame-->  []rpc.Item
//
// Converters come in pairs and lose nothing but the difference between an empty and an absent list and what is below a nanosecond or a zone of
// a time. Reading never panics: what a newer peer may send (a message, an enum value this build does not know), what is missing, what is
// malformed and what is out of proportion (MaxElements) is an error that wraps deploy.ErrInvalid or deploy.ErrTooLarge and names the field.
//
// Messages that come by the hundred thousand (heartbeats, tasks, launches) are written and read by hand; a test holds them to the .proto files.
package wire
