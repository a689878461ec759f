// Command generate runs ent's code generator: ./schema becomes ./ent.
package main

import (
	"log"

	"github.com/facebook/ent/entc"
	"github.com/facebook/ent/entc/gen"
)

func main() {
	err := entc.Generate("./schema", &gen.Config{
		Target:  "ent",
		Package: "benchmark/ent",
	})
	if err != nil {
		log.Fatal(err)
	}
}
