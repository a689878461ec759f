package main

import (
	"fmt"

	"conformance/ent"
	"conformance/ent/hook"
	"conformance/ent/user"
)

// sequence is a generator that gives the same numbers in both programs.
type sequence uint32

// below gives a number from 0 to n - 1.
func (s *sequence) below(n int) int {
	*s = (*s*1103515245 + 12345) & 0x7fffffff
	return int(*s>>16) % n
}

// randomHook is one of several kinds of traced hooks, with a random mask or field.
func randomHook(numbers *sequence, name string) ent.Hook {
	mask := ent.Op(numbers.below(32))
	field := []string{"name", "age", "nickname", "worth"}[numbers.below(4)]
	switch numbers.below(7) {
	case 0:
		return traced(name)
	case 1:
		return hook.On(traced(name), mask)
	case 2:
		return hook.Unless(traced(name), mask)
	case 3:
		return hook.If(traced(name), hook.HasFields(field))
	case 4:
		return hook.If(traced(name), hook.Or(hook.HasOp(mask), hook.HasClearedFields(field)))
	case 5:
		return hook.If(traced(name), hook.And(hook.Not(hook.HasAddedFields(field)), hook.HasOp(mask)))
	}
	return hook.NewChain(traced(name+" 1"), hook.On(traced(name+" 2"), mask)).Hook()
}

// randomOp runs a random mutation, but no DeleteOne of a row that is not there.
func randomOp(c *ent.Client, numbers *sequence) {
	id := numbers.below(4) + 1
	switch numbers.below(5) {
	case 0:
		add(c, "Ada")
	case 1:
		n, err := c.User.Update().AddWorth(int64(id)).SetNickname("many").Save(ctx)
		counted("Update", n, err)
	case 2:
		user, err := c.User.UpdateOneID(id).AddAge(1).ClearNickname().Save(ctx)
		got("UpdateOne", user, err)
	case 3:
		if c.User.Query().Where(user.ID(id)).ExistX(ctx) {
			report("DeleteOne", c.User.DeleteOneID(id).Exec(ctx))
		}
	case 4:
		if id > 1 {
			add(c, "Grace")
			return
		}
		n, err := c.User.Delete().Exec(ctx)
		counted("Delete", n, err)
	}
}

// randomEdit changes the mutation. It adds to no field that is set and sets none that is cleared.
func randomEdit(m *ent.UserMutation, numbers *sequence) {
	field := []string{"name", "age", "nickname", "worth"}[numbers.below(4)]
	value := numbers.below(100)
	_, set := m.Field(field)
	numeric := field == "age" || field == "worth"
	switch numbers.below(4) {
	case 0:
		if m.FieldCleared(field) {
			return
		}
		if numeric {
			must(m.SetField(field, int64(value)))
		} else {
			must(m.SetField(field, fmt.Sprint("text ", value)))
		}
	case 1:
		if numeric && !set {
			must(m.AddField(field, int64(value)))
		}
	case 2:
		if field == "nickname" {
			must(m.ClearField(field))
		}
	case 3:
		must(m.ResetField(field))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func random() {
	for round := 0; round < 25; round++ {
		numbers := sequence(round)
		scenario(fmt.Sprint("B1 random hooks ", round), func(c *ent.Client) {
			for i := numbers.below(6); i >= 0; i-- {
				c.User.Use(randomHook(&numbers, fmt.Sprint("h", i)))
			}
			for i := 0; i < 12; i++ {
				randomOp(c, &numbers)
			}
			stored(c)
		})
	}
	for round := 0; round < 25; round++ {
		numbers := sequence(round)
		scenario(fmt.Sprint("B30 random edits ", round), func(c *ent.Client) {
			c.User.Use(hook.On(edit(func(m *ent.UserMutation) {
				for i := numbers.below(8); i >= 0; i-- {
					randomEdit(m, &numbers)
				}
			}), ent.OpUpdateOne), hook.On(fieldsOf, ent.OpUpdateOne))
			add(c, "Ada")
			for i := 0; i < 10; i++ {
				user, err := c.User.UpdateOneID(1).Save(ctx)
				got("UpdateOne", user, err)
			}
		})
	}
}
