// The program.
package main
