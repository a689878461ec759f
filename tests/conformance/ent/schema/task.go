package schema

import (
	"conformance/trace"

	"github.com/facebook/ent"
	"github.com/facebook/ent/schema/field"
	"github.com/facebook/ent/schema/mixin"
)

// First is a mixin with two hooks.
type First struct {
	mixin.Schema
}

// Hooks of the mixin.
func (First) Hooks() []ent.Hook {
	return []ent.Hook{trace.Traced("mixin 1, hook 1"), trace.Traced("mixin 1, hook 2")}
}

// Second is another one.
type Second struct {
	mixin.Schema
}

// Hooks of the mixin.
func (Second) Hooks() []ent.Hook {
	return []ent.Hook{trace.Traced("mixin 2, hook 1"), trace.Traced("mixin 2, hook 2")}
}

// Task has hooks from two mixins and of its own.
type Task struct {
	ent.Schema
}

// Mixin of the Task.
func (Task) Mixin() []ent.Mixin {
	return []ent.Mixin{First{}, Second{}}
}

// Fields of the Task.
func (Task) Fields() []ent.Field {
	return []ent.Field{field.String("title")}
}

// Hooks of the Task.
func (Task) Hooks() []ent.Hook {
	return []ent.Hook{trace.Traced("schema hook 1"), trace.Traced("schema hook 2")}
}
