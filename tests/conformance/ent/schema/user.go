// Package schema describes the entities of the conformance run, for ent's code generator.
package schema

import (
	"github.com/facebook/ent"
	"github.com/facebook/ent/schema/field"
)

// User has no hooks of its own.
type User struct {
	ent.Schema
}

// Fields of the User.
func (User) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").NotEmpty(),
		field.Int64("age").Default(0),
		field.String("nickname").Optional(),
		field.Int64("worth").Default(0),
	}
}
