package main

import (
	"errors"

	"conformance/ent"
	"conformance/ent/hook"
)

// swallow ends the chain without an error and without calling what comes next.
func swallow(m *ent.UserMutation, _ next) (ent.Value, error) {
	say("swallowed")
	if m.Op().Is(ent.OpCreate | ent.OpUpdateOne) {
		return &ent.User{Name: "of the hook"}, nil
	}
	return 7, nil
}

func order() {
	scenario("B1 three hooks around Create", func(c *ent.Client) {
		c.Use(traced("f"), traced("g"), traced("h"))
		add(c, "Ada")
	})
	scenario("B1 three hooks around every Op", func(c *ent.Client) {
		c.Use(traced("f"), traced("g"))
		c.Use(traced("h"))
		everyOp(c)
	})
	scenario("B2 runtime, mixin and schema hooks", func(c *ent.Client) {
		c.Task.Use(traced("runtime"))
		c.Task.Create().SetTitle("write").SaveX(ctx)
		c.Task.Update().SetTitle("read").SaveX(ctx)
	})
	scenario("B4 mixin and schema hooks alone", func(c *ent.Client) {
		c.Task.Create().SetTitle("write").SaveX(ctx)
		c.Task.Delete().ExecX(ctx)
	})
	scenario("B3 hooks of every type and of one", func(c *ent.Client) {
		c.User.Use(traced("users 1"))
		c.Use(traced("all"))
		c.User.Use(traced("users 2"))
		add(c, "Ada")
		addCard(c, "1234", 1)
	})
	scenario("B5 chains", func(c *ent.Client) {
		base := hook.NewChain(traced("f"), traced("g"))
		longer := base.Append(traced("h")).Extend(hook.NewChain(traced("i"), traced("j")))
		c.User.Use(longer.Hook())
		c.Card.Use(base.Hook())
		add(c, "Ada")
		addCard(c, "1234", 1)
	})
	scenario("B6 an empty chain", func(c *ent.Client) {
		c.User.Use(traced("f"), hook.NewChain().Hook(), traced("g"))
		add(c, "Ada")
		stored(c)
	})
	scenario("B7 a derived client keeps the hooks", func(c *ent.Client) {
		c.User.Use(traced("f"))
		add(c.Debug(), "Ada")
	})
	scenario("B8 a hook that does not call next", func(c *ent.Client) {
		c.User.Use(traced("outer"), hook.Unless(onUser(swallow), ent.OpDelete), traced("inner"))
		everyOp(c)
		_, err := c.User.Create().Save(ctx) // no name, but nothing asks for it
		report("Create without a name", err)
		stored(c)
	})
	scenario("B10 a hook that calls next again after a success", func(c *ent.Client) {
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			if value, err := next(); err != nil {
				return value, err
			}
			return next()
		}), traced("inner"))
		_, err := c.User.Create().SetName("Ada").Save(ctx)
		report("Create", err)
		stored(c)
	})
	scenario("B10 a hook that calls next again after an error", func(c *ent.Client) {
		failed := false
		c.User.Use(onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			value, err := next()
			if err != nil {
				say("again after: %v", err)
				return next()
			}
			return value, err
		}), traced("inner"), onUser(func(m *ent.UserMutation, next next) (ent.Value, error) {
			if !failed {
				failed = true
				return nil, errors.New("not yet")
			}
			return next()
		}))
		user, err := c.User.Create().SetName("Ada").Save(ctx)
		got("Create", user, err)
	})
	scenario("B12 a hook registered after the builder was made", func(c *ent.Client) {
		c.User.Use(traced("f"))
		create := c.User.Create().SetName("Ada")
		c.User.Use(traced("g"))
		create.SaveX(ctx)
	})
}
