package schema

import (
	"time"

	"github.com/facebook/ent"
	"github.com/facebook/ent/schema/field"
)

// Card has a mandatory field for a hook to set, a mark of deletion, and fields that updates set.
type Card struct {
	ent.Schema
}

// Fields of the Card.
func (Card) Fields() []ent.Field {
	return []ent.Field{
		field.String("number").Immutable().Unique(),
		field.String("in_hook"),
		field.Int64("expired_at").Optional(),
		field.Int64("owner_id").Default(0),
		field.Time("set_at").Default(second(1)).UpdateDefault(second(2)),
		field.Time("seen_at").Optional().UpdateDefault(second(9)),
	}
}

// second gives a function that a default can call: so many seconds after 1970 began.
func second(n int64) func() time.Time {
	return func() time.Time { return time.Unix(n, 0) }
}
