// Package words counts the words of files, on executors (Job) or in this process (CountLocal): the same words either way.
//
// A word is a run of letters and digits, as Unicode has them, in lower case; everything else parts words, bytes that are no UTF-8 too.
//
//	files --> chunks of about half a MiB, cut between words --> count, on executors --> added up here
package words
