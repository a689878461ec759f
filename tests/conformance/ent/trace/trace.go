// Package trace prints what happens, in the words that the C++ program uses too. It knows nothing
// of the generated code, so that the schema can use it before that code exists.
package trace

import (
	"context"
	"fmt"
	"strings"

	"github.com/facebook/ent"
)

// Say prints a line.
func Say(format string, args ...interface{}) {
	fmt.Printf(format+"\n", args...)
}

// Op is the name of an Op, without ent's prefix.
func Op(op ent.Op) string {
	return strings.TrimPrefix(op.String(), "Op")
}

// Traced says when it is passed on the way in, and on the way out when what came next succeeded.
func Traced(name string) ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			Say("before %s: %s %s", name, m.Type(), Op(m.Op()))
			value, err := next.Mutate(ctx, m)
			if err == nil {
				Say("after %s", name)
			}
			return value, err
		})
	}
}

// NoUpdateMany is the Note's mixin hook: made of a generated helper, which the schema cannot name.
var NoUpdateMany ent.Hook

// Late is a hook that is known only when it runs.
func Late(hook *ent.Hook) ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			return (*hook)(next).Mutate(ctx, m)
		})
	}
}
