// Runs things.
package worker //want:here package pkg/worker has no story
