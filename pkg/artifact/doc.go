// Package artifact keeps the files that programs bring along, addressed by their content.
//
//	submit --Put--> Store of the masters --Open--> Cache of a worker --Place--> working directory
//
// A blob's name is its sha256: a second copy costs nothing, a damaged one is noticed. Masters keep blobs where their records are; a worker
// fetches each once, verifies it, and hard-links it into working directories. What is written is either whole or not there: a temporary file,
// fsync, rename, fsync of the directory.
//
//	artifact.go  the contract: Store, Fetcher
//	digest.go    what a digest is
//	blobs.go     blobs in a directory: the part that FileStore and Cache share
//	filestore.go FileStore: a Store in a directory
//	cache.go     Cache: what a worker has fetched, held while in use, least recently used gone first
//	flight.go    one fetch or write per digest at a time
//	evict.go     what goes when there is too much
//	place.go     Place: into a working directory
//	unpack.go unzip.go untar.go   Unpack: an archive that may be hostile
package artifact
