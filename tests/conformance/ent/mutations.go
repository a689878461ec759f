package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"conformance/ent"
	"conformance/ent/card"
	"conformance/ent/hook"
	"conformance/ent/user"
)

// id is the mutation's id, as far as it is known.
func id(m *ent.UserMutation) string {
	if id, ok := m.ID(); ok {
		return fmt.Sprint(id)
	}
	return "none"
}

// edit is a hook that changes the mutation and goes on.
func edit(change func(m *ent.UserMutation)) ent.Hook {
	return onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
		change(m)
		return next()
	})
}

// fields prints what the mutation sets, adds to and clears.
func fields(m ent.Mutation) {
	say("sets %v, adds to %v, clears %v", m.Fields(), m.AddedFields(), m.ClearedFields())
}

// fieldsOf is a hook that prints them.
var fieldsOf = edit(func(m *ent.UserMutation) { fields(m) })

func mutations() {
	scenario("B23 a hook sets a mandatory field", func(c *ent.Client) {
		_, err := c.Card.Create().SetNumber("1").Save(ctx)
		report("Create without the hook", err)
		c.Card.Use(hook.On(onCard(func(m *ent.CardMutation, next next) (ent.Value, error) {
			m.SetInHook("yes")
			return next()
		}), ent.OpCreate))
		_, err = c.Card.Create().SetNumber("1").Save(ctx)
		report("Create with the hook", err)
		storedCards(c)
	})
	scenario("B23 what a hook sets is validated", func(c *ent.Client) {
		c.User.Use(traced("f"), edit(func(m *ent.UserMutation) { m.SetName("") }), traced("g"))
		_, err := c.User.Create().SetName("Ada").Save(ctx)
		report("Create", err)
		stored(c)
	})
	scenario("B24 hooks see defaults", func(c *ent.Client) {
		c.Card.Use(onCard(func(m *ent.CardMutation, next next) (ent.Value, error) {
			fields(m)
			return next()
		}))
		addCard(c, "1", 0)
		c.Card.Update().SetOwnerID(1).SaveX(ctx)
		storedCards(c)
		c.Card.UpdateOneID(1).SetSetAt(time.Unix(5, 0)).ClearSeenAt().SaveX(ctx)
		storedCards(c)
		c.Card.UpdateOneID(1).SetSeenAt(time.Unix(8, 0)).SaveX(ctx)
		storedCards(c)
	})
	scenario("B25 an error before the write", func(c *ent.Client) {
		c.User.Use(traced("f"), onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			if age, ok := m.Age(); ok && age < 18 {
				return nil, errors.New("too young")
			}
			return next()
		}), traced("g"))
		_, err := c.User.Create().SetName("Ada").SetAge(7).Save(ctx)
		report("Create", err)
		user, err := c.User.Create().SetName("Grace").SetAge(70).Save(ctx)
		got("Create", user, err)
		_, err = c.User.Update().SetAge(3).Save(ctx)
		report("Update", err)
		stored(c)
	})
	scenario("B11 an error after the write", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			if _, err := next(); err != nil {
				return nil, err
			}
			return nil, errors.New("too late")
		}))
		_, err := c.User.Create().SetName("Grace").Save(ctx)
		report("Create", err)
		_, err = c.User.Update().SetAge(1).Save(ctx)
		report("Update", err)
		stored(c)
	})
	scenario("B71 what a hook wrote when the rest fails", func(c *ent.Client) {
		c.Card.Use(onCard(func(m *ent.CardMutation, next next) (ent.Value, error) {
			add(m.Client(), "written by the hook")
			return next()
		}))
		_, err := c.Card.Create().SetNumber("1").Save(ctx)
		report("Create", err)
		stored(c)
	})
	scenario("B26 the id before and after", func(c *ent.Client) {
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			say("before: %s", id(m))
			value, err := next()
			say("after: %s", id(m))
			return value, err
		}))
		everyOp(c)
	})
	scenario("B27 a hook replaces the created entity", func(c *ent.Client) {
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			if _, err := next(); err != nil {
				return nil, err
			}
			return &ent.User{ID: 77, Name: "replaced"}, nil
		}))
		user, err := c.User.Create().SetName("Ada").Save(ctx)
		got("Create", user, err)
		stored(c)
	})
	scenario("B27 a hook replaces the count", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			_, err := next()
			return 77, err
		}))
		n, err := c.User.Update().SetAge(1).Save(ctx)
		counted("Update", n, err)
		n, err = c.User.Delete().Exec(ctx)
		counted("Delete", n, err)
	})
	scenario("B9 a hook gives a count for a Create", func(c *ent.Client) {
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			_, err := next()
			return 1, err
		}))
		_, err := c.User.Create().SetName("Ada").Save(ctx)
		report("Create", err)
		stored(c)
	})
	scenario("B28 update-many in a hook after UpdateOne", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(hook.On(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			if _, err := next(); err != nil {
				return nil, err
			}
			id, _ := m.ID()
			m.Client().User.Update().Where(user.ID(id)).AddWorth(5).SaveX(ctx)
			return m.Client().User.GetX(ctx, id), nil
		}), ent.OpUpdateOne))
		user, err := c.User.UpdateOneID(1).SetAge(31).Save(ctx)
		got("UpdateOne", user, err)
		stored(c)
	})
	scenario("B29 names and types that do not fit", func(c *ent.Client) {
		c.User.Use(edit(func(m *ent.UserMutation) {
			report("SetField, unknown", m.SetField("nope", 1))
			report("SetField, wrong type", m.SetField("name", 5))
			report("AddField, unknown", m.AddField("nope", int64(1)))
			report("AddField, no number", m.AddField("name", "x"))
			report("ClearField, unknown", m.ClearField("nope"))
			report("ClearField, mandatory", m.ClearField("name"))
			report("ResetField, unknown", m.ResetField("nope"))
			fields(m)
		}))
		user, err := c.User.Create().SetName("Ada").Save(ctx)
		got("Create", user, err)
	})
	scenario("B29 fields by name", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(edit(func(m *ent.UserMutation) {
			report("SetField", m.SetField("name", "Grace"))
			report("AddField", m.AddField("worth", int64(7)))
			report("ClearField", m.ClearField("nickname"))
			name, set := m.Field("name")
			say("Field: %v %t", name, set)
			worth, added := m.AddedField("worth")
			say("AddedField: %v %t", worth, added)
			_, set = m.Field("age")
			say("Field that is not set: %t", set)
			say("FieldCleared: %t %t", m.FieldCleared("nickname"), m.FieldCleared("age"))
			fields(m)
		}))
		user, err := c.User.UpdateOneID(1).Save(ctx)
		got("UpdateOne", user, err)
	})
	scenario("B29 a hook sets an immutable field of a row that exists", func(c *ent.Client) {
		addCard(c, "1", 0)
		c.Card.Use(onCard(func(m *ent.CardMutation, next next) (ent.Value, error) {
			m.SetNumber("2")
			return next()
		}))
		_, err := c.Card.UpdateOneID(1).SetOwnerID(1).Save(ctx)
		report("UpdateOne", err)
		storedCards(c)
	})
	scenario("B30 Add accumulates", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(fieldsOf)
		user, err := c.User.UpdateOneID(1).AddWorth(5).AddWorth(7).Save(ctx)
		got("UpdateOne", user, err)
		n, err := c.User.Update().AddWorth(5).AddWorth(-8).Save(ctx)
		counted("Update", n, err)
		stored(c)
	})
	scenario("B30 Set after Add", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(fieldsOf)
		user, err := c.User.UpdateOneID(1).AddWorth(5).SetWorth(7).Save(ctx)
		got("UpdateOne", user, err)
	})
	scenario("B30 Add after Set", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(fieldsOf)
		user, err := c.User.UpdateOneID(1).SetWorth(5).AddWorth(7).Save(ctx)
		got("UpdateOne", user, err)
	})
	scenario("B31 Clear after Set", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(edit(func(m *ent.UserMutation) { m.ClearNickname() }), fieldsOf)
		user, err := c.User.UpdateOneID(1).SetNickname("A").Save(ctx)
		got("UpdateOne", user, err)
	})
	scenario("B31 Set after Clear", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(edit(func(m *ent.UserMutation) { m.SetNickname("A") }), fieldsOf)
		user, err := c.User.UpdateOneID(1).ClearNickname().Save(ctx)
		got("UpdateOne", user, err)
	})
	scenario("B29 Reset", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(fieldsOf, edit(func(m *ent.UserMutation) {
			m.ResetName()
			m.ResetAge()
			m.ResetNickname()
		}), fieldsOf)
		update := c.User.UpdateOneID(1).SetName("Grace").AddAge(1)
		user, err := update.ClearNickname().SetWorth(1).Save(ctx)
		got("UpdateOne", user, err)
	})
	scenario("B44 one hook for every type with the field", func(c *ent.Client) {
		type nicknamed interface{ SetNickname(string) }
		c.Use(func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				if target, ok := m.(nicknamed); ok {
					say("nickname of a %s", m.Type())
					target.SetNickname("N")
				}
				return next.Mutate(ctx, m)
			})
		})
		add(c, "Ada")
		addCard(c, "1", 1)
		stored(c)
	})
	scenario("B46 a hook reads through the mutation's client", func(c *ent.Client) {
		add(c, "Ada")
		c.Card.Use(onCard(func(m *ent.CardMutation, next next) (ent.Value, error) {
			owner, _ := m.OwnerID()
			m.SetInHook(m.Client().User.GetX(ctx, int(owner)).Name)
			return next()
		}))
		addCard(c, "1", 1)
		storedCards(c)
	})
	scenario("B46 a hook creates another row of its type", func(c *ent.Client) {
		c.User.Use(traced("f"), onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			if name, _ := m.Name(); name == "Ada" {
				add(m.Client(), "Grace")
			}
			return next()
		}), traced("g"))
		add(c, "Ada")
		stored(c)
	})
	scenario("B47 deleting a user deletes the cards first", func(c *ent.Client) {
		add(c, "Ada")
		add(c, "Grace")
		addCard(c, "1", 1)
		addCard(c, "2", 1)
		addCard(c, "3", 2)
		c.Use(traced("f"))
		c.User.Use(hook.On(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			id, _ := m.ID()
			n, err := m.Client().Card.Delete().Where(card.OwnerID(int64(id))).Exec(ctx)
			counted("cards", n, err)
			return next()
		}), ent.OpDeleteOne))
		report("DeleteOne", c.User.DeleteOneID(1).Exec(ctx))
		stored(c)
		storedCards(c)
	})
	scenario("B48 soft delete by an update", func(c *ent.Client) {
		addCard(c, "1", 0)
		addCard(c, "2", 0)
		addCard(c, "3", 0)
		c.Card.Use(traced("f"))
		c.Card.Use(hook.On(onCard(func(m *ent.CardMutation, next next) (ent.Value, error) {
			update := m.Client().Card.Update().Where(card.ExpiredAtIsNil()).SetExpiredAt(5)
			if id, ok := m.ID(); ok {
				update.Where(card.ID(id))
			}
			return update.Save(ctx)
		}), ent.OpDelete|ent.OpDeleteOne))
		report("DeleteOne", c.Card.DeleteOneID(2).Exec(ctx))
		storedCards(c)
		n, err := c.Card.Delete().Exec(ctx)
		counted("Delete", n, err)
		n, err = c.Card.Delete().Exec(ctx)
		counted("Delete again", n, err)
		storedCards(c)
	})
	scenario("B50 soft delete of one row by UpdateOne", func(c *ent.Client) {
		addCard(c, "1", 0)
		c.Card.Use(traced("f"))
		c.Card.Use(hook.On(onCard(func(m *ent.CardMutation, next next) (ent.Value, error) {
			id, _ := m.ID()
			return m.Client().Card.UpdateOneID(id).SetExpiredAt(5).Save(ctx)
		}), ent.OpDeleteOne))
		report("DeleteOne", c.Card.DeleteOneID(1).Exec(ctx))
		storedCards(c)
	})
	scenario("B76 rows that are not there", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(traced("f"))
		n, err := c.User.Update().Where(user.Name("Grace")).SetAge(1).Save(ctx)
		counted("Update", n, err)
		n, err = c.User.Delete().Where(user.Name("Grace")).Exec(ctx)
		counted("Delete", n, err)
		_, err = c.User.UpdateOneID(99).SetAge(1).Save(ctx)
		report("UpdateOne", err)
		report("DeleteOne", c.User.DeleteOneID(99).Exec(ctx))
		stored(c)
	})
	scenario("B90 counts of rows", func(c *ent.Client) {
		add(c, "Ada")
		add(c, "Grace")
		add(c, "Joan")
		n, err := c.User.Update().Where(user.NameNEQ("Ada")).SetAge(30).Save(ctx)
		counted("Update that changes no value", n, err)
		n, err = c.User.Update().AddWorth(1).Save(ctx)
		counted("Update", n, err)
		n, err = c.User.Delete().Where(user.IDGT(1)).Exec(ctx)
		counted("Delete", n, err)
		stored(c)
	})
	scenario("B90 an update that sets nothing", func(c *ent.Client) {
		add(c, "Ada")
		c.User.Use(traced("f"))
		user, err := c.User.UpdateOneID(1).Save(ctx)
		got("UpdateOne", user, err)
		n, err := c.User.Update().Save(ctx)
		counted("Update", n, err)
	})
	scenario("B92 the id of a deleted last row", func(c *ent.Client) {
		addCard(c, "1", 0)
		addCard(c, "2", 0)
		c.Card.DeleteOneID(2).ExecX(ctx)
		addCard(c, "3", 0)
		storedCards(c)
	})
	scenario("B58 a value that exists already", func(c *ent.Client) {
		addCard(c, "1", 0)
		c.Card.Use(traced("f"))
		_, err := c.Card.Create().SetNumber("1").SetInHook("no").Save(ctx)
		report("Create", err)
		storedCards(c)
	})
}
