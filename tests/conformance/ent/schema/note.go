package schema

import (
	"conformance/trace"

	"github.com/facebook/ent"
	"github.com/facebook/ent/schema/field"
	"github.com/facebook/ent/schema/mixin"
)

// NoUpdateMany is a mixin that refuses Update.
type NoUpdateMany struct {
	mixin.Schema
}

// Hooks of the mixin.
func (NoUpdateMany) Hooks() []ent.Hook {
	return []ent.Hook{trace.Late(&trace.NoUpdateMany)}
}

// Note cannot be updated many at a time.
type Note struct {
	ent.Schema
}

// Mixin of the Note.
func (Note) Mixin() []ent.Mixin {
	return []ent.Mixin{NoUpdateMany{}}
}

// Fields of the Note.
func (Note) Fields() []ent.Field {
	return []ent.Field{field.String("text")}
}
