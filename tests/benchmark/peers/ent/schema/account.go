package schema

import (
	"github.com/facebook/ent"
	"github.com/facebook/ent/schema/field"
)

// Account has the fields of the benchmark's Account.
type Account struct {
	ent.Schema
}

// Fields of the Account.
func (Account) Fields() []ent.Field {
	return []ent.Field{
		field.String("name"),
		field.Int64("age"),
		field.String("nickname").Optional().Nillable(),
		field.Float("score"),
	}
}
