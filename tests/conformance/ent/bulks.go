package main

import (
	"errors"
	"fmt"
	"strings"

	"conformance/ent"
)

// users makes builders, one for each name.
func users(c *ent.Client, names ...string) []*ent.UserCreate {
	builders := make([]*ent.UserCreate, len(names))
	for i, name := range names {
		builders[i] = c.User.Create().SetName(name)
	}
	return builders
}

// gotAll says which users came back from a bulk.
func gotAll(all []*ent.User, err error) {
	if err != nil {
		report("CreateBulk", err)
		return
	}
	texts := []string{}
	for _, each := range all {
		texts = append(texts, text(each))
	}
	say("CreateBulk: [%s]", strings.Join(texts, ", "))
}

// named is a hook that prints the name of the user before and after the rest.
func named(after func(name string) error) ent.Hook {
	return onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
		name, _ := m.Name()
		say("before %s", name)
		value, err := next()
		if err != nil {
			say("failed %s", name)
			return nil, err
		}
		say("after %s", name)
		if err := after(name); err != nil {
			return nil, err
		}
		return value, nil
	})
}

func fine(string) error { return nil }

func bulks() {
	scenario("B53 a bulk", func(c *ent.Client) {
		c.User.Use(named(fine))
		gotAll(c.User.CreateBulk(users(c, "Ada", "Grace", "Joan")...).Save(ctx))
		stored(c)
	})
	scenario("B53 a bulk of one", func(c *ent.Client) {
		c.User.Use(traced("f"), traced("g"))
		gotAll(c.User.CreateBulk(users(c, "Ada")...).Save(ctx))
	})
	scenario("B59 an empty bulk", func(c *ent.Client) {
		c.User.Use(traced("f"))
		gotAll(c.User.CreateBulk().Save(ctx))
	})
	scenario("B26 ids in a bulk", func(c *ent.Client) {
		after := []string{}
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			say("before: %s", id(m))
			value, err := next()
			name, _ := m.Name()
			after = append(after, name+" "+id(m))
			return value, err
		}))
		gotAll(c.User.CreateBulk(users(c, "Ada", "Grace")...).Save(ctx))
		say("after: %v", after)
	})
	scenario("B54 values set by hooks in a bulk", func(c *ent.Client) {
		rows := int64(0)
		c.User.Use(edit(func(m *ent.UserMutation) {
			rows++
			m.SetWorth(rows * 10)
			if rows == 2 {
				m.SetNickname("second")
			}
		}))
		gotAll(c.User.CreateBulk(users(c, "Ada", "Grace", "Joan")...).Save(ctx))
		stored(c)
	})
	scenario("B27 a hook replaces entities of a bulk", func(c *ent.Client) {
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			if _, err := next(); err != nil {
				return nil, err
			}
			name, _ := m.Name()
			return &ent.User{ID: 77, Name: "not " + name}, nil
		}))
		gotAll(c.User.CreateBulk(users(c, "Ada", "Grace")...).Save(ctx))
	})
	scenario("B55 a hook suppresses a row of a bulk", func(c *ent.Client) {
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			if name, _ := m.Name(); name == "Grace" {
				return &ent.User{Name: "of the hook"}, nil
			}
			return next()
		}))
		gotAll(c.User.CreateBulk(users(c, "Ada", "Grace", "Joan")...).Save(ctx))
		stored(c)
	})
	scenario("B25 a before-part fails in a bulk", func(c *ent.Client) {
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			if name, _ := m.Name(); name == "Grace" {
				return nil, fmt.Errorf("not %s", name)
			}
			return next()
		}))
		gotAll(c.User.CreateBulk(users(c, "Ada", "Grace", "Joan")...).Save(ctx))
		stored(c)
	})
	scenario("B56 an after-part fails in a bulk", func(c *ent.Client) {
		c.User.Use(named(func(name string) error {
			if name == "Grace" {
				return errors.New("too late")
			}
			return nil
		}))
		gotAll(c.User.CreateBulk(users(c, "Ada", "Grace")...).Save(ctx))
		stored(c)
	})
	scenario("B23 a row of a bulk is not valid", func(c *ent.Client) {
		c.User.Use(named(fine))
		gotAll(c.User.CreateBulk(users(c, "Ada", "")...).Save(ctx))
		stored(c)
	})
	scenario("B58 a row of a bulk exists already", func(c *ent.Client) {
		c.Card.Use(onCard(func(m *ent.CardMutation, next next) (ent.Value, error) {
			number, _ := m.Number()
			value, err := next()
			if err != nil {
				say("failed %s", number)
			}
			return value, err
		}))
		_, err := c.Card.CreateBulk(
			c.Card.Create().SetNumber("1").SetInHook("no"),
			c.Card.Create().SetNumber("1").SetInHook("no"),
		).Save(ctx)
		report("CreateBulk", err)
		storedCards(c)
	})
}
