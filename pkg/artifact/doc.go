// Package artifact keeps the files that programs bring along, addressed by their content.
//
// A blob's name is its sha256: a second copy costs nothing, a damaged one is noticed. Masters keep blobs where their records are; a worker
// fetches each once, verifies it, and hard-links it into working directories.
package artifact
